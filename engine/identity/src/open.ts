import type { KeyObject } from 'node:crypto'
import {
  knowingPasswords,
  unrevoked,
  type Authenticator,
  type Clock,
  type Credentials,
  type Ids,
  type MintedPasswords,
  type Pseudonyms,
  type Revocations,
} from '@sluice/core'
import { tokenAuthenticator } from './authenticator.ts'
import { referencedCredentials, type CredentialReferences } from './credentials.ts'
import { derivedPasswords, type DerivedPasswords } from './derived-passwords.ts'
import { tokenExchanger, type Exchange } from './exchange.ts'
import { gatewayTokens } from './gateway-token.ts'
import type { IssuerState } from './issuer-state.ts'
import { openIssuers, type Issuer, type IssuerConfig } from './issuer.ts'
import { browserKey, sshKey, tokenKey } from './keys.ts'
import { openPseudonyms, type MaskingKeyReference } from './pseudonyms.ts'
import { SamlLogins } from './saml/logins.ts'
import { openSamlProvider, type SamlIssuerConfig, type SamlProvider } from './saml/provider.ts'
import { SecretError, type SecretReference } from './secrets/reference.ts'
import type { SecretSource } from './secrets/source.ts'
import { oidcProvider, type OidcPorts } from './sign-in/oidc.ts'
import { samlProvider } from './sign-in/saml.ts'
import { Sealed } from './sign-in/sealed.ts'
import type { SignInProvider } from './sign-in/sign-in.ts'
import { SignIns } from './sign-in/sign-ins.ts'
import { certificateAuthority, type CertificateAuthority } from './ssh/authority.ts'
import { configuredKeys, type SshKeyConfig } from './ssh/configured-keys.ts'
import { hostKey, type HostKey } from './ssh/host-key.ts'
import { loginAuthority, sameAuthority, type LoginAuthority } from './ssh/login-authority.ts'
import { publicKeyAuthenticator } from './ssh/public-key-authenticator.ts'

export interface IdentityOptions {
  readonly secrets: SecretSource
  /** Where relative files of keys start. */
  readonly base: string
  readonly issuers: readonly IssuerConfig[]
  /** Identity providers of SAML, and the URL at which browsers reach this API. */
  readonly saml: { readonly issuers: readonly SamlIssuerConfig[]; readonly url: string }
  /** `null`: generated under `keys`. */
  readonly tokenKey: SecretReference | null
  /** Keys of SSH: of the authority that signs certificates, and of this gateway as a host. `null`: as above. */
  readonly sshCaKey: SecretReference | null
  readonly sshHostKey: SecretReference | null
  /** Of the authority by which the gateway logs in at targets. `null`: as above. */
  readonly sshLoginKey: SecretReference | null
  /** Plain public keys, and who they speak for. */
  readonly sshKeys: readonly SshKeyConfig[]
  /** `null`: generated under `keys`. */
  readonly maskingKey: MaskingKeyReference | null
  /** Folder of generated keys. */
  readonly keys: string
  /** By target name. */
  readonly credentials: CredentialReferences
  readonly revocations: Pick<Revocations, 'of'>
  readonly passwords: Pick<MintedPasswords, 'of'>
  readonly clock: Clock
  readonly ids: Ids
}

export interface IdentityParts {
  readonly authenticator: Authenticator
  readonly credentials: Credentials
  readonly exchange: Exchange
  readonly logins: SamlLogins
  /** Of browsers, at the console. */
  readonly signIns: SignIns
  readonly pseudonyms: Pseudonyms
  readonly passwords: DerivedPasswords
  readonly sshAuthority: CertificateAuthority
  readonly sshHost: HostKey
  /** What is known of each issuer, in the order of the configuration. */
  readonly issuers: () => readonly IssuerState[]
  readonly sshLogins: LoginAuthority
}

/** Of gateway tokens. Installations are kept apart by their keys; the name says what the token is for. */
const audience = 'sluice'

/** Everything that turns tokens into subjects and references into secrets. Throws on unusable configuration. */
export async function openIdentity(options: IdentityOptions): Promise<IdentityParts> {
  const { secrets, clock, ids, saml, revocations } = options
  const issuers = openIssuers(options.issuers, clock, options.base)
  const key = await tokenKey(options.tokenKey, options.keys, secrets)
  const providers = await Promise.all(
    saml.issuers.map((config) => openSamlProvider(config, saml.url, secrets, clock)),
  )
  const logins = new SamlLogins(providers, clock)
  const names = new Set([...issuers.values(), ...providers].map(({ name }) => name))
  const gateway = gatewayTokens({ key, audience, issuers: names, clock, ids })
  const sealed = new Sealed(await browserKey(options.tokenKey, options.keys, secrets))
  const browsers = signInProviders(options, logins, { issuers, gateway, secrets, clock })
  const sshCaKey = await sshKey('ssh_ca', options.sshCaKey, options.keys, secrets)
  const authority = certificateAuthority(sshCaKey, clock)
  const sshLogins = await openSshLogins(options, sshCaKey)
  return {
    authenticator: unrevoked(
      knowingPasswords(
        publicKeyAuthenticator({
          tokens: tokenAuthenticator(issuers, gateway, clock),
          keys: configuredKeys(options.sshKeys),
          terms: { key: sshCaKey, issuers: names },
          clock,
        }),
        ofIssuers(names, options.passwords),
      ),
      revocations,
    ),
    passwords: derivedPasswords(key),
    sshAuthority: authority,
    sshHost: hostKey(await sshKey('ssh_host', options.sshHostKey, options.keys, secrets), authority),
    sshLogins,
    credentials: referencedCredentials(options.credentials, secrets, clock, sshLogins.certify),
    exchange: tokenExchanger({ issuers, gateway, logins, audience, revocations, clock }),
    logins,
    signIns: new SignIns(browsers, sealed, clock),
    pseudonyms: await openPseudonyms(options.maskingKey, options.keys, secrets),
    issuers: () => issuerStates(options, issuers, providers),
  }
}

function issuerStates(
  options: Pick<IdentityOptions, 'issuers' | 'saml'>,
  issuers: ReadonlyMap<string, Issuer>,
  providers: readonly SamlProvider[],
): readonly IssuerState[] {
  const browsers = new Set(options.issuers.flatMap(({ name, console: on }) => (on ? [name] : [])))
  const of = ({ name, url, audience, groupsClaim, mappings, tally }: Issuer | SamlProvider) => ({
    name,
    issuer: url,
    audience,
    groupsClaim,
    mappings: mappings?.length ?? 0,
    tally: tally.state,
  })
  return [
    ...Array.from(issuers.values(), (issuer) => ({
      ...of(issuer),
      kind: 'oidc' as const,
      console: browsers.has(issuer.name),
      keys: issuer.keys.state,
    })),
    ...providers.map((provider) => ({
      ...of(provider),
      kind: 'saml' as const,
      console: true,
      keys: null,
    })),
  ]
}

async function openSshLogins(
  { sshLoginKey, keys, secrets, clock }: Pick<IdentityOptions, 'sshLoginKey' | 'keys' | 'secrets' | 'clock'>,
  callers: KeyObject,
): Promise<LoginAuthority> {
  const key = await sshKey('ssh_login_ca', sshLoginKey, keys, secrets)
  if (sameAuthority(key, callers))
    throw new SecretError(
      'keys.ssh_login_ca is the key of keys.ssh_ca: hosts would take certificates of callers for logins',
    )
  return loginAuthority(key, clock)
}

function signInProviders(
  { issuers, saml }: Pick<IdentityOptions, 'issuers' | 'saml'>,
  logins: SamlLogins,
  ports: OidcPorts,
): readonly SignInProvider[] {
  const oidc = issuers.flatMap((config) =>
    config.console === undefined ? [] : [oidcProvider(config, config.console, ports)],
  )
  const others = saml.issuers.map(({ name, console: terms }) =>
    samlProvider(name, terms?.label ?? name, logins, ports.gateway),
  )
  return [...oidc, ...others]
}

/** They die with the issuer of their subject, as tokens do. */
function ofIssuers(
  names: ReadonlySet<string>,
  passwords: Pick<MintedPasswords, 'of'>,
): Pick<MintedPasswords, 'of'> {
  return {
    of: (id) => {
      const identity = passwords.of(id)
      return identity !== undefined && names.has(identity.subject.issuer) ? identity : undefined
    },
  }
}
