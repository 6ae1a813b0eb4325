import type { Exchange, Obliged, Permit, Refusal, Shown, Verdict } from '@sluice/core'
import { nothing } from '../judged.ts'
import { frame } from '../recorded-frames.ts'
import { Fields } from '../wire.ts'
import { JudgedOperation } from './judged-operation.ts'
import type { Link } from './link.ts'
import { statusPacket, types, type Packet } from './packet.ts'
import { refused } from './refuse.ts'
import type { Operation } from './request.ts'

/** One request that is answered by one packet: a path is looked at, changed or removed. */
export interface Asked {
  readonly id: number
  readonly action: Operation
  readonly type: number
  readonly fields: Buffer
}

export interface OperationPorts {
  readonly link: Link
  readonly login: string
  readonly reply: (packet: Packet) => Promise<void>
  readonly tell: (text: string) => void
}

export class OperationExchange extends JudgedOperation implements Exchange<never, Packet, null> {
  readonly body: AsyncIterable<never> = nothing
  readonly #asked: Asked
  readonly #ports: OperationPorts

  constructor(asked: Asked, ports: OperationPorts) {
    super(asked.action, ports.login, Buffer.concat([Buffer.from([asked.type]), asked.fields]), ports.tell)
    this.#asked = asked
    this.#ports = ports
  }

  /** Names and sizes have no content to be masked. */
  oblige(_verdicts: readonly Verdict[]): Obliged<null> {
    return { kind: 'plan', plan: null }
  }

  forward(permit: Permit): AsyncIterable<Packet> {
    permit.spend(this.content)
    const { id, type, fields } = this.#asked
    const answer = this.#ports.link.ask(type, fields)
    answer.catch(() => {})
    return {
      [Symbol.asyncIterator]: async function* () {
        yield { ...(await answer), id }
      },
    }
  }

  maskBody(): AsyncIterable<Shown<never>> {
    return nothing
  }

  async *mask(replies: AsyncIterable<Packet>): AsyncGenerator<Shown<Packet>> {
    for await (const item of replies) {
      const record = frame('end', JSON.stringify(answered(item)))
      yield { item, record, rows: 0, masked: [], end: { outcome: 'completed', status: null } }
    }
  }

  reply(packet: Packet): Promise<void> {
    return this.#ports.reply(packet)
  }

  async *refuse(reason: Refusal): AsyncGenerator<Packet> {
    yield refused(this.#asked.id, reason)
  }

  async *skip(): AsyncGenerator<Packet> {
    yield statusPacket(this.#asked.id, 'failure', 'sluice: not performed')
  }
}

/** As it is recorded: the status, or that there was an answer. */
function answered({ type, fields }: Packet): object {
  return type === types.status ? { status: new Fields(fields).u32() } : { bytes: fields.length }
}
