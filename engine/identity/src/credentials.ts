import { setTimeout as sleep } from 'node:timers/promises'
import {
  Budgets,
  refusal,
  Refused,
  type Certify,
  type Clock,
  type Credential,
  type Credentials,
} from '@sluice/core'
import { always } from './secrets/manager.ts'
import type { ManagedReference, SecretReference } from './secrets/reference.ts'
import type { Reading, SecretSource } from './secrets/source.ts'

/** The login of one target: its user in the open and its secrets by reference, or both in one secret. */
type SecretLogin =
  | {
      readonly user: string
      readonly password: SecretReference
      /** Of SSH: over the private key that the password is then. No secret, and kept beside one. */
      readonly certificate?: SecretReference
    }
  | { readonly login: ManagedReference }

/** Of SSH: no secret at all, but a certificate that is made for each login. */
interface CertifiedLogin {
  readonly user: string
  readonly certificate: 'issued'
}

export type CredentialReference = SecretLogin | CertifiedLogin

export function isCertified(reference: CredentialReference): reference is CertifiedLogin {
  return 'certificate' in reference && reference.certificate === 'issued'
}

/** What a target's login is now. */
interface Held {
  readonly credential: Credential
  readonly live: () => boolean
}

/**
 * Whoever rotates a password changes it in two places, one after the other: a secret that is still the refused one is
 * read again after these pauses. A client waits longer than all of them for its connection.
 */
const pausesMs = [0, 250, 1_000, 2_500] as const
/**
 * A caller that has a target refuse at will must not have its secret read as often. Of each target so many reads in vain are
 * made as above; beyond that one, after a longer pause, serves everybody who was refused meanwhile.
 */
const vainReads = { burst: 8, perSecond: 0.2, knownMax: 1 } as const
/** Whoever is refused spends from the same. */
const all = ''
const latePausesMs = [3_000] as const

/**
 * What is lent is made anew each time, e.g. a user of a database. Callers can have a target refuse at will, as some answer
 * 401 to what they do not like: no more is lent for that than one in this time.
 */
const lentAgainMs = 60_000

/** By target name; a target that was removed and added again has another one. */
export type CredentialReferences = (target: string) => CredentialReference | undefined

/**
 * Logins by target name, read when first needed, kept for as long as they are good, and read again after the target
 * refused one: whoever rotates a password need not restart the gateway.
 */
export function referencedCredentials(
  references: CredentialReferences,
  source: SecretSource,
  clock: Pick<Clock, 'monotonic'>,
  certify: Certify,
  pause: (ms: number) => Promise<unknown> = (ms) => sleep(ms, undefined, { ref: false }),
): Credentials {
  const logins = new Map<string, TargetLogin>()
  return {
    async credential(target, refused) {
      const reference = references(target)
      if (reference === undefined) throw unavailable(new Error(`target ${target} has no credential`))
      // What a target refuses of these it refuses again.
      if (isCertified(reference)) return refused ?? { user: reference.user, password: '', certify }
      const known = logins.get(target)
      // Another target of the same name is not logged into as the one before.
      const login = known?.reference === reference ? known : new TargetLogin(reference, source, clock, pause)
      logins.set(target, login)
      return await (refused === undefined ? login.current() : login.replacement(refused))
    },
  }
}

/** What one reference stands for. */
class TargetLogin {
  readonly reference: SecretLogin
  readonly #source: SecretSource
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #pause: (ms: number) => Promise<unknown>
  readonly #vain: Budgets
  #known: Promise<Held> | undefined
  #replacing: Promise<Credential> | undefined
  /** Monotonic. */
  #lentAgainAt = -Infinity

  constructor(
    reference: SecretLogin,
    source: SecretSource,
    clock: Pick<Clock, 'monotonic'>,
    pause: (ms: number) => Promise<unknown>,
  ) {
    this.reference = reference
    this.#source = source
    this.#clock = clock
    this.#pause = pause
    this.#vain = new Budgets(vainReads, clock)
  }

  async current(): Promise<Credential> {
    const held = this.#known
    if (held !== undefined) {
      const { credential, live } = await held
      if (live()) return credential
      // Of several who find that it is over, the first asks for the next one.
      if (this.#known !== held) return this.current()
    }
    return (await this.#keep(this.#read('kept'))).credential
  }

  /** One for all of a target's connections, which are refused together. */
  replacement(refused: Credential): Promise<Credential> {
    return (this.#replacing ??= this.#next(refused).finally(() => (this.#replacing = undefined)))
  }

  #affordsReads(): boolean {
    return this.#vain.affords(all)
  }

  /** Whoever was refused with an older one gets what has been read since. */
  async #next(refused: Credential): Promise<Credential> {
    const held = await this.#known?.catch(() => undefined)
    if (held?.live() === true) {
      if (held.credential !== refused) return held.credential
      if (this.#clock.monotonic() - this.#lentAgainAt < lentAgainMs) return refused
    }
    let failure: unknown
    const pauses = waits(this.reference) ? pausesMs : pausesMs.slice(0, 1)
    for (const [index, pauseMs] of (this.#affordsReads() ? pauses : latePausesMs).entries()) {
      if (index > 0 && !this.#affordsReads()) break
      await this.#pause(pauseMs)
      this.#vain.spend(all, 1)
      const found = await this.#read('anew').catch((error: unknown) => void (failure = error))
      if (found === undefined) continue
      failure = undefined
      if (isSame(found.credential, refused)) continue
      if (found.live !== always) this.#lentAgainAt = this.#clock.monotonic()
      return (await this.#keep(Promise.resolve(found))).credential
    }
    if (failure !== undefined) {
      this.#known = undefined
      throw failure
    }
    return refused
  }

  async #read(reading: Reading): Promise<Held> {
    try {
      return await readLogin(this.reference, this.#source, reading)
    } catch (error) {
      throw unavailable(error)
    }
  }

  #keep(reading: Promise<Held>): Promise<Held> {
    this.#known = reading
    // A failure must not be remembered: the secret may be there at the next login.
    reading.catch(() => {
      if (this.#known === reading) this.#known = undefined
    })
    return reading
  }
}

async function readLogin(reference: SecretLogin, source: SecretSource, reading: Reading): Promise<Held> {
  if ('login' in reference) {
    const { value, live } = await source.login(reference.login, reading)
    return { credential: value, live }
  }
  const { user, password, certificate } = reference
  const { value, live } = await source.read(password, reading)
  if (certificate === undefined) return { credential: { user, password: value }, live }
  const shown = await source.read(certificate, reading)
  const isKept = live === always && shown.live === always
  return {
    credential: { user, password: value, certificate: shown.value },
    live: isKept ? always : () => live() && shown.live(),
  }
}

/** A process's own environment does not change while one waits. */
function waits(reference: SecretLogin): boolean {
  if ('login' in reference) return true
  return !('env' in reference.password || 'literal' in reference.password)
}

function isSame(a: Credential, b: Credential): boolean {
  return a.user === b.user && a.password === b.password && a.certificate === b.certificate
}

function unavailable(cause: unknown): Refused {
  const message = "The gateway cannot read this target's credential now. Tell its operator."
  return new Refused(refusal('target_unreachable', 'identity/credential', message), { cause })
}
