import { connect, constants, type ClientHttp2Session } from 'node:http2'
import type { Duplex } from 'node:stream'
import { refusal, Refused, type Address, type Refusal } from '@sluice/core'
import { limits } from './limits.ts'
import { answerOf, askerSettings, asSocket, connectTo, type Answer } from './requested.ts'

/** By which agent, and why not. */
export const agentHeader = 'sluice-agent'
export const refusalHeader = 'sluice-refusal'

/**
 * The tunnels of a gateway as one of its workers has them: they end at the supervisor, which passes on what goes through
 * them, over a pair of sockets that nobody but the two can have.
 */
export class IpcTunnels {
  /** Resolves when the supervisor is gone. */
  readonly over: Promise<void>
  readonly #session: ClientHttp2Session

  constructor(socket: Duplex) {
    this.#session = connect('http://supervisor', {
      createConnection: () => socket,
      maxSessionMemory: limits.sessionMemoryMib,
      settings: askerSettings,
    })
    this.#session.once('connect', () => this.#session.setLocalWindowSize(limits.ipcWindowBytes))
    this.#session.on('error', () => {})
    this.over = new Promise((resolve) => this.#session.once('close', resolve))
  }

  /** As that of the tunnels themselves. Rejects with `Refused`. */
  async dial(name: string, address: Address): Promise<Duplex> {
    if (this.#session.closed || this.#session.destroyed) throw new Refused(supervisorLost)
    const stream = this.#session.request({ ...connectTo(address), [agentHeader]: name }, { endStream: false })
    stream.on('error', () => {})
    try {
      const answer = await answerOf(stream, limits.ipcAnswerMs, () => new Refused(unanswered))
      if (answer[':status'] === 200) return asSocket(stream)
      throw new Refused(refusalIn(answer))
    } catch (error) {
      stream.close(constants.NGHTTP2_CANCEL)
      throw error instanceof Refused ? error : new Refused(supervisorLost, { cause: error })
    }
  }
}

const supervisorLost = refusal(
  'target_unreachable',
  'sluice/agent',
  'The way to the agents of this gateway was lost. Try again.',
)
const unanswered = refusal('target_unreachable', 'sluice/agent', 'The target was not reached in time.')

/** The other end is of the same build: it says a whole refusal. */
function refusalIn(answer: Answer): Refusal {
  const said = answer[refusalHeader]
  return typeof said === 'string' ? (JSON.parse(decodeURIComponent(said)) as Refusal) : supervisorLost
}
