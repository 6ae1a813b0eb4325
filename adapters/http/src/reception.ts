import type { Socket } from 'node:net'
import { byToken, callerAddress, isInClear, refusal, Refused, type Gate, type Refusal } from '@sluice/core'
import type { Lease, Sessions } from './sessions.ts'
import type { HttpSettings } from './target.ts'
import type { Claim } from './unread.ts'

/** Lets in whoever shows a good token. Whom it turns away the gate has noted. */
export class Reception {
  readonly #sessions: Pick<Sessions, 'take'>
  readonly #gate: Pick<Gate<HttpSettings>, 'refused'>

  constructor(sessions: Pick<Sessions, 'take'>, gate: Pick<Gate<HttpSettings>, 'refused'>) {
    this.#sessions = sessions
    this.#gate = gate
  }

  /**
   * Rejects with `Refused`. What is `unreadable` is refused for that, whoever sent it; who did is then asked for the
   * record alone.
   */
  async admit(claim: Claim, socket: Socket, unreadable?: Refusal): Promise<Lease> {
    const { target, token, application, run } = claim
    const ip = callerAddress(socket)
    const unfit = token === null ? noToken : isInClear(socket, ip) ? clearText : undefined
    const unknowable = unfit ?? (target === '' ? unreadable : undefined)
    if (unknowable !== undefined) throw this.turnAway(socket, unreadable ?? unknowable, target)
    const client = { ip, application }
    try {
      return await this.#sessions.take({ protocol, target, proof: byToken(token ?? ''), client, run })
    } catch (error) {
      throw unreadable === undefined ? error : this.turnAway(socket, unreadable, target)
    }
  }

  /** What nobody can be asked about. `target`: as far as anybody can say. */
  turnAway(socket: Socket, reason: Refusal, target = ''): Refused {
    this.#gate.refused({ protocol, target, client: { ip: callerAddress(socket), application: null } }, reason)
    return new Refused(reason)
  }
}

const protocol = 'http'

const noToken = refusal(
  'token_refused',
  'adapter/no_token',
  'There is no token: send it as "X-Sluice-Authorization: Bearer <token>".',
)
const clearText = refusal(
  'token_refused',
  'adapter/clear_text',
  'A token may only be sent over TLS or from the same machine: use https.',
)
