import { join } from 'node:path'
import { Refused, systemClock, type Refusal } from '@sluice/core'
import type { IpcTunnels } from '@sluice/agent'
import { IpcStore } from '@sluice/journal'
import { freeBuffersYoung } from '../young-buffers.ts'
import { parseConfig } from '../config/config.ts'
import { openDuty, type Duty } from './duty.ts'
import type { Asked, Beginning, ToSupervisor, ToWorker } from './messages.ts'

/** What a worker is told before it serves is done before it serves. */
type Told = Exclude<ToWorker, { readonly kind: 'begin' | 'store' }>

/**
 * One worker: callers come in here, and everything that is one for the whole gateway is at the supervisor. What it is
 * told it does in the order in which it is told.
 */
export class Worker {
  /** Resolves once everything is drained and recorded. */
  readonly over: Promise<void>
  readonly #over = Promise.withResolvers<void>()
  readonly #send: (message: ToSupervisor) => number
  readonly #store: IpcStore
  readonly #tunnels: Pick<IpcTunnels, 'dial'>
  /** Until it serves. */
  #before: Told[] = []
  #duty: Duty | undefined
  #supervisor: number | undefined
  #draining = false

  constructor(send: (message: ToSupervisor) => number, tunnels: Pick<IpcTunnels, 'dial'>) {
    this.over = this.#over.promise
    this.#send = send
    this.#tunnels = tunnels
    this.#store = new IpcStore({
      clock: systemClock,
      send: (request) => send({ kind: 'store', request }),
      // Whoever lost its supervisor is given another parent by the system, before anybody else can have the log.
      served: () => process.ppid === this.#supervisor,
    })
  }

  take(message: ToWorker): void {
    switch (message.kind) {
      case 'begin':
        return void this.#begin(message.beginning)
      case 'store':
        return this.#store.take(message.reply)
      default:
        if (this.#duty === undefined) this.#early(message)
        else this.#do(message, this.#duty).catch((error: unknown) => this.#fail(error))
    }
  }

  async #begin(beginning: Beginning): Promise<void> {
    freeBuffersYoung()
    this.#supervisor = beginning.supervisor
    const { file, text, data } = beginning
    try {
      const config = parseConfig(file, text)
      const duty = await openDuty(config, beginning, {
        send: this.#send,
        store: this.#store,
        tunnels: this.#tunnels,
        facts: join(data, 'projections.db'),
      })
      while (this.#before.length > 0)
        await Promise.all(this.#before.splice(0).map((message) => this.#do(message, duty)))
      this.#duty = duty
      if (this.#draining) return await this.#end(duty)
      this.#send({ kind: 'ready', addresses: await duty.listen() })
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Another one may do better. */
  #fail(error: unknown): void {
    this.#send({ kind: 'failed', why: error instanceof Error ? error.message : String(error) })
    this.#over.resolve()
  }

  /** Nobody is served yet, so all that was decided before is so here. */
  #early(message: Told): void {
    if (message.kind === 'drain') this.#draining = true
    else if (message.kind === 'ask' && message.asked.kind === 'settle') this.#answer(message.id, null)
    else this.#before.push(message)
  }

  async #do(message: Told, duty: Duty): Promise<void> {
    switch (message.kind) {
      case 'ask':
        return this.#answer(message.id, await this.#asked(message.asked, duty))
      case 'relay':
        return duty.relayed(message.relayed)
      case 'grant':
        return duty.grants.take(message.grant)
      case 'revocation':
        return duty.revocations.take(message.revocation)
      case 'target':
        return duty.registrations.take(message.name, message.registration)
      case 'seen':
        return duty.standing.note(message.seen)
      case 'end':
        return duty.sessions.session(message.session)?.end(message.reason, message.graceMs)
      case 'api':
        return duty.apiAt(message.url)
      case 'drain':
        return this.#end(duty)
    }
  }

  async #asked(asked: Asked, duty: Duty): Promise<Refusal | null> {
    switch (asked.kind) {
      case 'settle':
        return null
      case 'policy':
        await duty.follow(asked.policy)
        return null
      case 'extend':
        try {
          await duty.extend(asked.session, asked.identity)
          return null
        } catch (error) {
          if (error instanceof Refused) return error.refusal
          throw error
        }
    }
  }

  #answer(id: number, refusal: Refusal | null): void {
    this.#send({ kind: 'answer', id, refusal })
  }

  async #end(duty: Duty): Promise<void> {
    await duty.close()
    await this.#store.close()
    this.#over.resolve()
  }
}
