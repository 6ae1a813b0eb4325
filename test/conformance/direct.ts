import { Transcript, WireClient, type Login, type Message } from '../src/index.ts'

/** A connection to a server itself, one request after another. */
export class Direct {
  readonly greeting: Transcript
  /** Of the request under way: one, or two where COPY data were asked for between them. */
  heard: readonly Transcript[] = []
  readonly #client: WireClient
  #status = 'I'

  static async open(login: Login): Promise<Direct> {
    const client = await WireClient.connect(login)
    const greeting = await client.start(login)
    if (greeting.status === undefined) throw new Error(`no login: ${greeting.text}`)
    return new Direct(client, greeting)
  }

  private constructor(client: WireClient, greeting: Transcript) {
    this.#client = client
    this.greeting = greeting
  }

  async ask(bytes: Uint8Array): Promise<void> {
    this.heard = []
    await this.more(bytes)
  }

  /** The same with COPY data, where they are waited for. */
  async more(bytes: Uint8Array): Promise<void> {
    this.#client.send(bytes)
    this.heard = [...this.heard, await this.#client.until(isOver)]
    this.#status = this.heard.at(-1)?.status ?? this.#status
  }

  /** In no transaction. */
  get idle(): boolean {
    return this.#status === 'I'
  }

  get copying(): boolean {
    return waitsForCopy(this.heard)
  }

  query(sql: string): Promise<Transcript> {
    return this.#client.query(sql)
  }

  close(): void {
    this.#client.close()
  }
}

/** A connection for queries between others', opened anew where a server has closed it. */
export class Standing {
  readonly #login: () => Promise<Login>
  #client: WireClient | undefined

  constructor(login: () => Promise<Login>) {
    this.#login = login
  }

  async query(sql: string): Promise<Transcript> {
    if (this.#client === undefined || this.#client.closed)
      this.#client = await WireClient.login(await this.#login())
    return this.#client.query(sql)
  }

  close(): void {
    this.#client?.close()
  }
}

/** What a server says in between, of nothing that was asked. */
const unsolicited = new Set(['N', 'S', 'A'])

/** ReadyForQuery, or CopyInResponse: it is the client's turn. */
export function isOver(messages: readonly Message[]): boolean {
  const last = messages.findLast(({ type }) => !unsolicited.has(type))?.type
  return last === 'Z' || last === 'G'
}

export function waitsForCopy(heard: readonly Transcript[]): boolean {
  return heard.at(-1)?.messages.findLast(({ type }) => !unsolicited.has(type))?.type === 'G'
}

/** A request's whole answer. */
export function joined(heard: readonly Transcript[]): Transcript {
  const [first] = heard
  if (first !== undefined && heard.length === 1) return first
  return new Transcript(
    heard.flatMap(({ messages }) => messages),
    Buffer.concat(heard.map(({ bytes }) => bytes)),
    heard.at(-1)?.closed ?? true,
  )
}
