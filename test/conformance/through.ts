import { Transcript, WireClient, type Login } from '../src/index.ts'
import type { Backdoor, Backdoors } from './backdoor.ts'
import { isOver, waitsForCopy } from './direct.ts'

/** What happens to the server when the gateway refuses: the statement all the same, by the back door, or nothing. */
export type AtRefusal = 'stand_in' | 'leave'

/** A connection through the gateway, one request after another. */
export class Through {
  /** What the client was told. */
  heard: readonly Transcript[] = []
  /** What the server said to what the gateway had refused. */
  instead: readonly Transcript[] = []
  refused = false
  readonly #client: WireClient
  readonly #door: Backdoor
  #answer: Promise<Transcript> | undefined

  static async open(login: Login, application: string, doors: Backdoors): Promise<Through> {
    const parameters = { ...login.parameters, application_name: application }
    const client = await WireClient.login({ ...login, parameters })
    return new Through(client, doors.of(application))
  }

  private constructor(client: WireClient, door: Backdoor) {
    this.#client = client
    this.#door = door
  }

  async ask(bytes: Uint8Array, atRefusal: AtRefusal): Promise<void> {
    this.heard = []
    this.instead = []
    this.refused = false
    this.#client.send(bytes)
    this.#answer = this.#client.until(isOver)
    const first = await Promise.race([this.#answer, this.#door.refused()])
    if (first instanceof Transcript) {
      this.heard = [first]
      return
    }
    this.refused = true
    if (atRefusal === 'stand_in') return this.#stoodIn(await this.#door.ask(bytes))
    this.#door.settle([])
    this.heard = [await this.#answer]
  }

  /** COPY data. */
  async more(bytes: Uint8Array): Promise<void> {
    if (this.refused) return this.#stoodIn(await this.#door.ask(bytes))
    this.#client.send(bytes)
    this.heard = [...this.heard, await this.#client.until(isOver)]
  }

  /** Whether the client, or who stands in for it, is asked for COPY data. */
  get copying(): boolean {
    return waitsForCopy(this.refused ? this.instead : this.heard)
  }

  get closed(): boolean {
    return this.#client.closed
  }

  /** In the gateway's own session with the server, while nothing is under way. */
  aside(bytes: Uint8Array): Promise<Transcript> {
    return this.#door.ask(bytes)
  }

  close(): void {
    this.#client.close()
  }

  async #stoodIn(answer: Transcript): Promise<void> {
    this.instead = [...this.instead, answer]
    if (this.copying || this.#answer === undefined) return
    this.#door.settle(this.instead.flatMap(({ messages }) => messages))
    this.heard = [await this.#answer]
  }
}
