import { Duplex } from 'node:stream'
import { poisonText } from './constants.ts'
import { FrameBuffer, takeMessage } from './frames.ts'
import { back, front } from './messages.ts'
import { parseHere } from './parse.ts'
import { Cursor, buildError, cstring, frame, headerBytes } from './wire.ts'

type Status = 'I' | 'T' | 'E'

/** Two ends of one connection without a network. */
export function pair(): readonly [Duplex, Duplex] {
  const left: Duplex = end(() => right)
  const right: Duplex = end(() => left)
  return [left, right]
}

function end(other: () => Duplex): Duplex {
  return new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      other().push(chunk)
      done()
    },
    final(done) {
      other().push(null)
      done()
    },
    destroy(error, done) {
      if (!other().destroyed) other().push(null)
      done(error)
    },
  })
}

/**
 * The protocol side of a server, for tests without one: names, transactions, skipping to Sync and the order of
 * answers are PostgreSQL's; statements do nothing. A text with `fail` in it fails.
 */
export class ScriptedServer {
  /** Every message that arrived, whole. */
  readonly received: Buffer[] = []
  /** Texts of the statements that were executed. */
  readonly executed: string[] = []
  readonly #socket: Duplex
  readonly #buffer = new FrameBuffer()
  readonly #statements = new Map<string, string>()
  readonly #portals = new Map<string, string>()
  #status: Status = 'I'
  #skipping = false
  #out: Buffer[] = []

  constructor(socket: Duplex) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#feed(chunk))
    socket.on('error', () => {})
  }

  #feed(chunk: Buffer): void {
    this.#buffer.push(Buffer.from(chunk))
    for (
      let message = takeMessage(this.#buffer);
      message !== undefined;
      message = takeMessage(this.#buffer)
    ) {
      this.received.push(message)
      this.#answer(message)
    }
  }

  #answer(message: Buffer): void {
    const type = message[0] ?? 0
    if (this.#skipping && type !== front.sync && type !== front.terminate) return
    const cursor = new Cursor(message, headerBytes)
    switch (type) {
      case front.query:
        return this.#query(cursor.text())
      case front.parse:
        return this.#parse(cursor.text(), cursor.text())
      case front.bind:
        return this.#bind(cursor.text(), cursor.text())
      case front.describe:
        return this.#describe(cursor.int8(), cursor.text())
      case front.execute:
        return this.#execute(cursor.text())
      case front.close:
        return this.#close(cursor.int8(), cursor.text())
      case front.sync:
        return this.#sync()
      case front.flush:
        return this.#send()
      case front.terminate:
        this.#socket.end()
        return
      default:
        return this.#error('08P01', `unexpected message ${type}`)
    }
  }

  #query(text: string): void {
    const list = statementsOf(text)
    if (list === null) this.#say(error('42601', 'syntax error'))
    else if (list.length === 0) this.#say(frame(back.emptyQueryResponse))
    for (const statement of list ?? []) if (!this.#run(statement)) break
    if (list === null && this.#status === 'T') this.#status = 'E'
    this.#say(frame(back.readyForQuery, Buffer.from(this.#status)))
    this.#send()
  }

  #parse(name: string, text: string): void {
    const list = statementsOf(text)
    if (name === '') this.#statements.delete('')
    if (list === null) return this.#error('42601', 'syntax error')
    if (name !== '' && this.#statements.has(name)) return this.#error('42P05', 'it exists')
    this.#statements.set(name, text)
    this.#say(frame(back.parseComplete))
  }

  #bind(portal: string, statement: string): void {
    const text = this.#statements.get(statement)
    if (text === undefined) return this.#error('26000', 'no such statement')
    if (portal !== '' && this.#portals.has(portal)) return this.#error('42P03', 'it exists')
    this.#portals.set(portal, text)
    this.#say(frame(back.bindComplete))
  }

  #describe(sign: number, name: string): void {
    const known = sign === 0x53 ? this.#statements.has(name) : this.#portals.has(name)
    if (!known) return this.#error(sign === 0x53 ? '26000' : '34000', 'no such thing')
    if (sign === 0x53) this.#say(frame(back.parameterDescription, Buffer.alloc(2)))
    this.#say(frame(back.noData))
  }

  #execute(portal: string): void {
    const text = this.#portals.get(portal)
    if (text === undefined) return this.#error('34000', 'no such portal')
    const [statement] = statementsOf(text) ?? []
    if (statement === undefined) this.#say(frame(back.emptyQueryResponse))
    else if (!this.#run(statement)) this.#skipping = true
  }

  #close(sign: number, name: string): void {
    if (sign === 0x53) this.#statements.delete(name)
    else this.#portals.delete(name)
    this.#say(frame(back.closeComplete))
  }

  #sync(): void {
    this.#skipping = false
    if (this.#status === 'I') this.#portals.clear()
    this.#say(frame(back.readyForQuery, Buffer.from(this.#status)))
    this.#send()
  }

  /** False when it failed: what follows it is skipped. */
  #run(statement: string): boolean {
    const word = statement.trim().split(/\W/)[0]?.toLowerCase() ?? ''
    const ends = word === 'commit' || word === 'rollback'
    if (statement.includes('fail') || (this.#status === 'E' && !ends)) {
      this.#say(error(this.#status === 'E' ? '25P02' : 'P0001', 'it fails'))
      if (this.#status === 'T') this.#status = 'E'
      return false
    }
    this.executed.push(statement.trim())
    if (word === 'begin') this.#status = 'T'
    if (ends) {
      this.#status = 'I'
      this.#portals.clear()
    }
    this.#say(frame(back.commandComplete, cstring(word.toUpperCase())))
    return true
  }

  #error(state: string, text: string): void {
    this.#say(error(state, text))
    if (this.#status === 'T') this.#status = 'E'
    this.#skipping = true
    this.#send()
  }

  #say(message: Buffer): void {
    this.#out.push(message)
  }

  #send(): void {
    if (this.#out.length > 0 && this.#socket.writable) this.#socket.write(Buffer.concat(this.#out))
    this.#out = []
  }
}

function error(state: string, text: string): Buffer {
  const fields = new Map([
    ['S', 'ERROR'],
    ['V', 'ERROR'],
    ['C', state],
    ['M', text],
  ])
  return buildError(back.errorResponse, fields)
}

/** The texts of the statements in a text; `null` when it does not parse. */
export function statementsOf(text: string): readonly string[] | null {
  if (text === poisonText) return null
  const parsed = parseHere(text)
  if (parsed.kind === 'refused') return null
  const bytes = Buffer.from(text)
  const { stmts } = parsed.tree as {
    readonly stmts: readonly { stmt_location?: number; stmt_len?: number }[]
  }
  return stmts.map(({ stmt_location: from = 0, stmt_len: length }) =>
    bytes.subarray(from, length === undefined ? bytes.length : from + length).toString(),
  )
}
