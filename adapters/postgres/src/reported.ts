import type { Heartbeat } from './held.ts'
import { ProtocolViolation } from './wire.ts'

/** Reported by every server, and of no consequence to any client. */
const heartbeatSetting = 'application_name'

/** One encoding: the server keeps its other name where a client says it, for old drivers, and no further one. */
const utf8Names: readonly string[] = ['UTF8', 'UNICODE']

/** The settings that the server reports, as far as the gateway depends on them. */
export class Reported {
  #heartbeat: Heartbeat

  constructor(parameters: ReadonlyMap<string, string>) {
    this.#heartbeat = { name: heartbeatSetting, value: parameters.get(heartbeatSetting) ?? '' }
  }

  get heartbeat(): Heartbeat {
    return this.#heartbeat
  }

  /**
   * ParameterStatus. Throws `ProtocolViolation` for a setting by which the texts were judged: a server that reports
   * another one reads another language.
   */
  note(name: string, value: string): void {
    if (name === 'client_encoding' && !utf8Names.includes(value))
      throw new ProtocolViolation('the server has left the encoding UTF8')
    if (name === 'standard_conforming_strings' && value !== 'on')
      throw new ProtocolViolation('the server has turned standard_conforming_strings off')
    if (name === heartbeatSetting) this.#heartbeat = { name, value }
  }
}
