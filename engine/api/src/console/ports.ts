import type { Authenticator, Clock, Revocations } from '@sluice/core'
import type { ActedPorts } from '../acted.ts'
import type { Begun, SignedIn, SignInIssuer } from '@sluice/identity'
import type { ApiBounds } from '../bounds.ts'
import type { RoleGroups } from '../roles.ts'
import type { ConsoleFiles } from './files.ts'

/** Sign-ins of browsers. Each promise rejects with `SignInError`. */
export interface BrowserSignIns {
  readonly issuers: readonly SignInIssuer[]
  /** Throws `Refused` for an unknown issuer. */
  begin(
    issuer: string,
    redirect: string,
    again: boolean,
  ): Promise<{ readonly url: string; readonly begun: Begun }>
  finish(begun: Begun, issuer: string, callback: URL): Promise<SignedIn>
  renew(issuer: string, refresh: string): Promise<SignedIn>
  revoke(issuer: string, refresh: string): Promise<void>
  /** For what a browser keeps. `open` gives `undefined` for what was not sealed here for that purpose. */
  readonly sealed: {
    seal(purpose: string, value: object): string
    open(purpose: string, sealed: string): unknown
  }
}

/** What the console needs of the gateway that serves it. */
export interface ConsolePorts extends ActedPorts {
  readonly authenticator: Authenticator
  readonly roles: RoleGroups
  readonly signIns: BrowserSignIns
  /** `null`: it was not built. */
  readonly files: ConsoleFiles | null
  /** Where browsers reach this API, e.g. `https://sluice.example.com`. Known once it listens. */
  readonly publicUrl: () => URL
  readonly revocations: Pick<Revocations, 'of' | 'revokeToken'>
  readonly clock: Clock
  readonly bounds: Pick<ApiBounds, 'browserSessionMs' | 'browserIdleMs' | 'renewBeforeMs'>
}
