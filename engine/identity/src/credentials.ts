import { setTimeout as sleep } from 'node:timers/promises'
import { Budgets, refusal, Refused, type Clock, type Credential, type Credentials } from '@sluice/core'
import { always } from './secrets/manager.ts'
import type { ManagedReference, SecretReference } from './secrets/reference.ts'
import type { Reading, SecretSource } from './secrets/source.ts'

/** The login of one target: its user in the open and its password by reference, or both in one secret. */
export type CredentialReference =
  { readonly user: string; readonly password: SecretReference } | { readonly login: ManagedReference }

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
const vainReads = { burst: 8, perSecond: 0.2, knownMax: 10_000 } as const
const latePausesMs = [3_000] as const

/**
 * What is lent is made anew each time, e.g. a user of a database. Callers can have a target refuse at will, as some answer
 * 401 to what they do not like: no more is lent for that than one in this time.
 */
const lentAgainMs = 60_000

/**
 * Logins by target name, read when first needed, kept for as long as they are good, and read again after the target
 * refused one: whoever rotates a password need not restart the gateway.
 */
export function referencedCredentials(
  references: ReadonlyMap<string, CredentialReference>,
  source: SecretSource,
  clock: Pick<Clock, 'monotonic'>,
  pause: (ms: number) => Promise<unknown> = (ms) => sleep(ms, undefined, { ref: false }),
): Credentials {
  const vain = new Budgets(vainReads, clock)
  const known = new Map<string, Promise<Held>>()
  /** Monotonic; by target. */
  const lentAgainAt = new Map<string, number>()
  const replacing = new Map<string, Promise<Credential>>()

  async function read(target: string, reading: Reading): Promise<Held> {
    const reference = references.get(target)
    if (reference === undefined) throw unavailable(new Error(`target ${target} has no credential`))
    try {
      return await readLogin(reference, source, reading)
    } catch (error) {
      throw unavailable(error)
    }
  }

  async function current(target: string): Promise<Credential> {
    const held = known.get(target)
    if (held !== undefined) {
      const { credential, live } = await held
      if (live()) return credential
      // Of several who find that it is over, the first asks for the next one.
      if (known.get(target) !== held) return current(target)
    }
    return (await keep(target, read(target, 'kept'))).credential
  }

  function keep(target: string, reading: Promise<Held>): Promise<Held> {
    known.set(target, reading)
    // A failure must not be remembered: the secret may be there at the next login.
    reading.catch(() => {
      if (known.get(target) === reading) known.delete(target)
    })
    return reading
  }

  /** Whoever was refused with an older one gets what has been read since. */
  async function next(target: string, refused: Credential): Promise<Credential> {
    const held = await known.get(target)?.catch(() => undefined)
    if (held?.live() === true) {
      if (held.credential !== refused) return held.credential
      if (clock.monotonic() - (lentAgainAt.get(target) ?? -Infinity) < lentAgainMs) return refused
    }
    let failure: unknown
    const pauses = waits(references.get(target)) ? pausesMs : pausesMs.slice(0, 1)
    for (const [index, pauseMs] of (vain.affords(target) ? pauses : latePausesMs).entries()) {
      if (index > 0 && !vain.affords(target)) break
      await pause(pauseMs)
      vain.spend(target, 1)
      const found = await read(target, 'anew').catch((error: unknown) => void (failure = error))
      if (found === undefined) continue
      failure = undefined
      if (isSame(found.credential, refused)) continue
      if (found.live !== always) lentAgainAt.set(target, clock.monotonic())
      return (await keep(target, Promise.resolve(found))).credential
    }
    if (failure !== undefined) {
      known.delete(target)
      throw failure
    }
    return refused
  }

  /** One for all of a target's connections, which are refused together. */
  function replacement(target: string, refused: Credential): Promise<Credential> {
    const underWay = replacing.get(target)
    if (underWay !== undefined) return underWay
    const started = next(target, refused).finally(() => replacing.delete(target))
    replacing.set(target, started)
    return started
  }

  return {
    credential: (target, refused) => (refused === undefined ? current(target) : replacement(target, refused)),
  }
}

async function readLogin(
  reference: CredentialReference,
  source: SecretSource,
  reading: Reading,
): Promise<Held> {
  if ('login' in reference) {
    const { value, live } = await source.login(reference.login, reading)
    return { credential: value, live }
  }
  const { value, live } = await source.read(reference.password, reading)
  return { credential: { user: reference.user, password: value }, live }
}

/** A process's own environment does not change while one waits. */
function waits(reference: CredentialReference | undefined): boolean {
  if (reference === undefined || 'login' in reference) return reference !== undefined
  return !('env' in reference.password || 'literal' in reference.password)
}

function isSame(a: Credential, b: Credential): boolean {
  return a.user === b.user && a.password === b.password
}

function unavailable(cause: unknown): Refused {
  const message = "The gateway cannot read this target's credential now. Tell its operator."
  return new Refused(refusal('target_unreachable', 'identity/credential', message), { cause })
}
