import { refusal, Refused, type ConnectionLoad, type PoolState, type Session } from '@sluice/core'
import { leave } from './leave.ts'
import { identityOf, login, type LoggedIn, type LogIn } from './login.ts'
import { reset, stateOf } from './reset.ts'
import type { PoolSettings, PostgresSettings } from './target.ts'

/** One connection of a pool, with what its sessions must find on it. */
interface Member {
  readonly login: LoggedIn
  /** Only sessions with the same one may have it. */
  readonly kind: string
  /** `undefined`: nobody can tell whether a reset takes away everything. */
  readonly digest: string | undefined
  readonly bornMs: number
}

/** Nobody has it: what is said on it, or its time, ends it. */
interface Resting {
  readonly member: Member
  readonly watch: Disposable
}

/**
 * The connections of one target. A session has one for itself, from its login to its end, and gives it back at rest. The next
 * one with the same credential and the same startup parameters gets it, if the server then says of it what it said at the login.
 */
export class Pool {
  /** The one that rests longest comes first. */
  readonly #resting: Resting[] = []
  /** In the order of their coming. */
  readonly #waiting: PromiseWithResolvers<void>[] = []
  /** Connections that sessions have, or are about to have. */
  #lent = 0
  #max: number | undefined
  #closed = false
  #waits = 0
  #waitedMs = 0
  #refused = 0
  readonly #target: string

  constructor(target: string) {
    this.#target = target
  }

  /** `undefined`: no session came for one that is lent. */
  get state(): PoolState | undefined {
    if (this.#max === undefined) return undefined
    return {
      target: this.#target,
      idle: this.#resting.length,
      lent: this.#lent,
      waiting: this.#waiting.length,
      waits: this.#waits,
      waitedMs: this.#waitedMs,
      refused: this.#refused,
    }
  }

  /** Throws `Refused`, also when none becomes free in time. */
  readonly take: LogIn = async (session, wanted, gone) => {
    const { pool } = session.target.settings
    if (pool === null) return login(session, wanted)
    this.#max = pool.max
    await this.#turn(session, pool, gone)
    try {
      const kind = kindOf(identityOf(await session.credential()), wanted)
      return (await this.#again(kind, pool)) ?? (await this.#anew(session, wanted, pool))
    } catch (error) {
      this.#next()
      throw error
    }
  }

  /** `undefined`: nobody has shared any yet. */
  get load(): ConnectionLoad | undefined {
    const max = this.#max
    if (max === undefined) return undefined
    return { busy: this.#lent, resting: this.#resting.length, waiting: this.#waiting.length, max }
  }

  /** Ends what rests, and from now on what is given back. */
  close(): void {
    this.#closed = true
    for (const { member, watch } of this.#resting.splice(0)) {
      watch[Symbol.dispose]()
      leave(member.login.socket)
    }
  }

  async #turn(
    { ending, target }: Session<PostgresSettings>,
    pool: PoolSettings,
    gone: Promise<void>,
  ): Promise<void> {
    if (this.#lent < pool.max) {
      this.#lent++
      return
    }
    const turn = Promise.withResolvers<void>()
    const giveUp = (why: Refused): boolean => {
      const at = this.#waiting.indexOf(turn)
      if (at < 0) return false
      this.#waiting.splice(at, 1)
      turn.reject(why)
      return true
    }
    this.#waiting.push(turn)
    const sinceMs = performance.now()
    const timer = setTimeout(() => {
      if (giveUp(full(target.name, pool))) this.#refused++
    }, pool.wait_ms)
    using _ = ending.on((reason) => void giveUp(new Refused(reason)))
    void gone.then(() => giveUp(hungUp))
    await turn.promise.finally(() => {
      clearTimeout(timer)
      this.#waits++
      this.#waitedMs += performance.now() - sinceMs
    })
  }

  /** A connection is free: whoever waits longest has it. */
  #next(): void {
    const turn = this.#waiting.shift()
    if (turn === undefined) this.#lent--
    else turn.resolve()
  }

  /** One that was used before and is as good as new. */
  async #again(kind: string, pool: PoolSettings): Promise<LoggedIn | undefined> {
    for (;;) {
      const at = this.#resting.findLastIndex(({ member }) => member.kind === kind)
      const [found] = at < 0 ? [] : this.#resting.splice(at, 1)
      if (found === undefined) return undefined
      found.watch[Symbol.dispose]()
      if (await isAsNew(found.member, pool)) return this.#lend(found.member, pool)
      leave(found.member.login.socket)
    }
  }

  async #anew(
    session: Session<PostgresSettings>,
    wanted: ReadonlyMap<string, string>,
    pool: PoolSettings,
  ): Promise<LoggedIn> {
    while (this.#lent + this.#resting.length > pool.max) {
      const oldest = this.#resting.shift()
      if (oldest === undefined) break
      oldest.watch[Symbol.dispose]()
      leave(oldest.member.login.socket)
    }
    const fresh = await login(session, wanted)
    const state = await stateOf(fresh.socket).catch(() => undefined)
    if (fresh.socket.destroyed) throw new Refused(mute)
    const digest = state?.remembers === false ? state.digest : undefined
    const kind = kindOf(fresh.identity, wanted)
    return this.#lend({ login: fresh, kind, digest, bornMs: performance.now() }, pool)
  }

  #lend(member: Member, pool: PoolSettings): LoggedIn {
    const { socket } = member.login
    let lent = true
    const over = (): void => {
      if (lent) this.#next()
      lent = false
    }
    socket.once('close', over)
    const giveBack = async (): Promise<void> => {
      const isClean = !this.#closed && member.digest !== undefined && (await isReset(member))
      const keeps = isClean && !this.#closed && !socket.destroyed && ageMs(member) < pool.life_s * 1_000
      if (!keeps) return leave(member.login.socket)
      socket.off('close', over)
      over()
      this.#rest(member, pool)
    }
    return { ...member.login, giveBack: () => void giveBack() }
  }

  #rest(member: Member, pool: PoolSettings): void {
    const { socket } = member.login
    const end = (): void => {
      const at = this.#resting.findIndex((resting) => resting.member === member)
      for (const { watch } of at < 0 ? [] : this.#resting.splice(at, 1)) watch[Symbol.dispose]()
      leave(member.login.socket)
    }
    const restMs = Math.min(pool.idle_s * 1_000, pool.life_s * 1_000 - ageMs(member))
    const timer = setTimeout(end, restMs).unref()
    // Nobody asked: it is a farewell, or nothing that the next session should hear.
    socket.on('data', end).on('close', end).resume()
    const watch = {
      [Symbol.dispose]: (): void => {
        clearTimeout(timer)
        socket.pause().off('data', end).off('close', end)
      },
    }
    this.#resting.push({ member, watch })
  }
}

/** Only the same startup packet leads to the same connection: what RESET returns to is in it. */
function kindOf(identity: string, wanted: ReadonlyMap<string, string>): string {
  return JSON.stringify([identity, ...[...wanted].toSorted(([one], [two]) => (one < two ? -1 : 1))])
}

async function isReset({ login: { socket } }: Member): Promise<boolean> {
  return reset(socket).then(
    () => true,
    () => false,
  )
}

async function isAsNew(member: Member, pool: PoolSettings): Promise<boolean> {
  const { socket } = member.login
  if (socket.destroyed || ageMs(member) >= pool.life_s * 1_000) return false
  const state = await stateOf(socket).catch(() => undefined)
  return state !== undefined && state.digest === member.digest && !state.remembers && !socket.destroyed
}

function ageMs({ bornMs }: Member): number {
  return performance.now() - bornMs
}

function full(target: string, { max, wait_ms }: PoolSettings): Refused {
  const message =
    `All ${String(max)} connections to the target "${target}" are in use, and none became free in ${String(wait_ms)} ms. ` +
    `Close connections that you do not need, or try later; its operator may raise "pool.max".`
  return new Refused(refusal('too_many', 'postgres/pool', message))
}

const hungUp = new Refused(refusal('cancelled', 'postgres/pool', 'The client is gone.'))
const mute = refusal(
  'target_unreachable',
  'postgres/upstream',
  'The target database cannot be reached: it closed the connection.',
)
