import { createGate, type Engine, type GatePorts } from './gate.ts'
import { refusal, Refused } from './errors.ts'
import type { NewEvent } from './events.ts'
import type { Position, StoreError, Unit } from './ports.ts'
import { byToken, tokenIn } from './proof.ts'
import type { Confinement, Hello, Identity } from './request.ts'
import { allow } from './scripted.ts'
import type { Verdict } from './verdict.ts'

/** A clock that moves only when told to. */
class ManualClock {
  ms = 1_000
  readonly #timers = new Set<{ at: number; callback: () => void }>()
  now(): number {
    return this.ms
  }
  monotonic(): number {
    return this.ms
  }
  after(ms: number, callback: () => void): Disposable {
    const timer = { at: this.ms + ms, callback }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }
  advance(ms: number): void {
    this.ms += ms
    for (const timer of Array.from(this.#timers))
      if (timer.at <= this.ms && this.#timers.delete(timer)) timer.callback()
  }
}

export const hello: Hello = {
  protocol: 'postgres',
  target: 'shop',
  proof: byToken('good'),
  client: { ip: '127.0.0.1', application: null },
  run: { id: null, trace_id: null },
}

export function identity(
  sub = 'alice',
  expiresAt = 61_000,
  change: Partial<Identity['subject']> = {},
): Identity {
  const subject = {
    id: `okta#${sub}`,
    type: 'human' as const,
    issuer: 'okta',
    groups: [],
    claims: {},
    on_behalf_of: null,
    ...change,
  }
  return { subject, tokenId: `tok_${expiresAt}`, expiresAt }
}

export interface World {
  readonly engine: Engine
  readonly clock: ManualClock
  readonly events: NewEvent[]
  store: { failure: StoreError | undefined }
}

/**
 * Verdicts are by the names of actions, or what `judge` says of the subject, allow where there is none; a token names
 * its subject, `good` is alice's, `only <target>` hers for nothing else, and `delegated` that of an agent who acts for her.
 */
export function world(
  verdicts: Readonly<Record<string, Verdict>> = {},
  judge?: (subject: Identity['subject']) => Verdict,
  more: Partial<GatePorts> = {},
): World {
  const clock = new ManualClock()
  const events: NewEvent[] = []
  const store = { failure: undefined as StoreError | undefined }
  let ids = 0
  const engine = createGate({
    gateway: 'gw',
    authenticator: {
      authenticate: (proof) =>
        tokenIn(proof) === 'stolen'
          ? Promise.reject(new Refused(refusal('token_refused', 'identity/signature', 'No.')))
          : Promise.resolve(named(tokenIn(proof))),
    },
    credentials: { credential: () => Promise.resolve({ user: 'app', password: 'secret' }) },
    dialer: { dial: () => Promise.reject(new Error('no network in this test')) },
    targets: {
      find: (name) =>
        name === 'shop'
          ? { name, protocol: 'postgres', labels: {}, address: { host: 'db', port: 5432 }, settings: null }
          : undefined,
      list: () => [],
    },
    pdp: {
      revision: 'v1',
      evaluate: ({ action, subject }) => ({
        verdict: verdicts[action.name] ?? judge?.(subject) ?? allow,
        revision: 'v1',
      }),
    },
    store: {
      healthy: true,
      live: true,
      append: (unit: Unit) => {
        if (store.failure !== undefined) return Promise.reject(store.failure)
        events.push(...unit.events)
        return Promise.resolve('1' as Position)
      },
      read: () => {
        throw new Error('not read here')
      },
      subscribe: () => {
        throw new Error('not read here')
      },
      close: () => Promise.resolve(),
    },
    clock,
    ids: { next: (prefix) => `${prefix}_${++ids}`, random32: () => ++ids },
    report: () => {},
    ...more,
  })
  return { engine, clock, events, store }
}

export const types = (events: readonly NewEvent[]): readonly string[] => events.map((event) => event.type)

export function confinedTo(targets: readonly string[] | null): Confinement {
  return { targets, command: 'uptime', permits: ['permit-pty'] }
}

function named(token: string): Identity {
  if (token === 'good') return identity()
  if (token.startsWith('only ')) return { ...identity(), confined: confinedTo([token.slice('only '.length)]) }
  if (token !== 'delegated') return identity(token)
  return identity('agent', 61_000, {
    type: 'service',
    groups: ['analysts'],
    claims: { actor_groups: ['agents'] },
    on_behalf_of: 'okta#alice',
  })
}
