/**
 * Messages of protocol 3.0 (PostgreSQL 18 §54.7), byte-exact and without an opinion: what a test means to break stays
 * broken.
 */

/** A message of either side: its letter, and what follows its length. */
export interface Message {
  readonly type: string
  readonly body: Buffer
}

type Part = string | Uint8Array

export function frame(type: string, ...parts: readonly Part[]): Buffer {
  return whole(type, join(parts))
}

function whole(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(4 + body.length), body])
}

function join(parts: readonly Part[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
}

export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value & 0xff_ff)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value | 0)
  return bytes
}

/** A packet of the time before the login: it has a length and no letter. */
export function packet(code: number, ...parts: readonly Part[]): Buffer {
  const body = join(parts)
  return Buffer.concat([int32(8 + body.length), int32(code), body])
}

export const protocol30 = 0x3_0000
export const protocol32 = 0x3_0002

export function startup(parameters: Readonly<Record<string, string>>, protocol: number = protocol30): Buffer {
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}\0${value}\0`)
  return packet(protocol, ...pairs, '\0')
}

export const sslRequest: Buffer = packet(80_877_103)
export const gssRequest: Buffer = packet(80_877_104)

export function cancelRequest(processId: number, key: Uint8Array): Buffer {
  return packet(80_877_102, int32(processId), key)
}

export function password(text: string): Buffer {
  return frame('p', text, '\0')
}

export function query(sql: Part): Buffer {
  return frame('Q', sql, '\0')
}

export function parse(name: Part, sql: Part, types: readonly number[] = []): Buffer {
  return frame('P', name, '\0', sql, '\0', int16(types.length), ...types.map(int32))
}

export interface BindOptions {
  readonly portal?: string
  readonly statement?: string
  readonly values?: readonly (Part | null)[]
  /** 0 text, 1 binary: none, one for all, or one for each. */
  readonly formats?: readonly number[]
  readonly results?: readonly number[]
}

export function bind(options: BindOptions = {}): Buffer {
  const { portal = '', statement = '', values = [], formats = [], results = [] } = options
  const cells = values.flatMap((value) => {
    if (value === null) return [int32(-1)]
    const bytes = Buffer.from(value)
    return [int32(bytes.length), bytes]
  })
  const counted = (codes: readonly number[]): Buffer => join([int16(codes.length), ...codes.map(int16)])
  const head = [`${portal}\0${statement}\0`, counted(formats), int16(values.length)]
  return whole('B', join([...head, ...cells, counted(results)]))
}

export function describe(what: 'S' | 'P', name = ''): Buffer {
  return frame('D', what, name, '\0')
}

/** `rows`: how many at most, 0 for all. */
export function execute(portal = '', rows = 0): Buffer {
  return frame('E', portal, '\0', int32(rows))
}

export function close(what: 'S' | 'P', name = ''): Buffer {
  return frame('C', what, name, '\0')
}

export const sync: Buffer = frame('S')
export const flush: Buffer = frame('H')
export const terminate: Buffer = frame('X')

export function copyData(bytes: Part): Buffer {
  return frame('d', bytes)
}

export const copyDone: Buffer = frame('c')

export function copyFail(reason: string): Buffer {
  return frame('f', reason, '\0')
}

/** A call by the number of a function, without SQL; text arguments, text result. */
export function functionCall(oid: number, values: readonly string[]): Buffer {
  const cells = values.flatMap((value) => [int32(Buffer.byteLength(value)), value])
  return frame('F', int32(oid), int16(0), int16(values.length), ...cells, int16(0))
}

/** One statement the way of the extended protocol, up to its Sync. */
export function extended(sql: Part, options: BindOptions = {}): Buffer {
  return Buffer.concat([parse('', sql), bind(options), describe('P'), execute(), sync])
}

/** Cuts a stream of messages. What is not whole yet waits for more. */
export class MessageReader {
  #rest = Buffer.alloc(0)

  push(chunk: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk])
  }

  /** Bytes that belong to no whole message yet. */
  get rest(): Buffer {
    return this.#rest
  }

  take(): Message | undefined {
    if (this.#rest.length < 5) return undefined
    const end = 1 + this.#rest.readInt32BE(1)
    if (this.#rest.length < end) return undefined
    const message = { type: String.fromCharCode(this.#rest[0] ?? 0), body: this.#rest.subarray(5, end) }
    this.#rest = this.#rest.subarray(end)
    return message
  }

  /** Every whole message. */
  all(): readonly Message[] {
    const messages: Message[] = []
    for (let next = this.take(); next !== undefined; next = this.take()) messages.push(next)
    return messages
  }
}
