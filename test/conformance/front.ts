import type { Socket } from 'node:net'
import { listen, type Listener } from '../src/listener.ts'
import { extended, frame, type Message, MessageReader } from '../src/message.ts'
import type { Transcript } from '../src/transcript.ts'
import type { Result } from './finding.ts'
import { Lanes, type Answered, type Stage } from './lanes.ts'

export type Report = (statement: string, result: Result) => void

const sslCode = 80_877_103
const gssCode = 80_877_104

/** What psql sends in the simple protocol is asked in that, or as drivers do. */
export type Protocol = 'simple' | 'extended'

/** What psql connects to: whatever it asks for is asked of all three servers, and it reads what the first one says. */
export function openFront(stage: Stage, protocol: Protocol, report: Report): Promise<Listener> {
  return listen((socket) => {
    socket.on('error', () => {})
    void converse(socket, stage, protocol, report).catch((error: unknown) => {
      report('', { outcome: { kind: 'differs', how: String(error) }, misread: [], planned: false })
      socket.destroy()
    })
  })
}

async function converse(socket: Socket, stage: Stage, protocol: Protocol, report: Report): Promise<void> {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const started = await startup(socket, chunks)
  if (started === undefined) return
  const { user = '', database: _database, application_name: _name, ...wanted } = started.parameters
  const lanes = await Lanes.open(stage, wanted)
  try {
    // Nobody can log in by the gateway as a role of the server: what a role may do is tried as if it had.
    if (user !== stage.direct.user)
      await lanes.aside(`SET SESSION AUTHORIZATION "${user.replaceAll('"', '""')}"`)
    socket.write(lanes.greeting.bytes.subarray(lanes.greeting.bytes.indexOf(authenticationOk)))
    await serve(socket, chunks, started.rest, lanes, protocol, report)
  } finally {
    lanes.close()
  }
}

const authenticationOk = frame('R', Buffer.alloc(4))

async function startup(
  socket: Socket,
  chunks: AsyncIterator<Buffer>,
): Promise<{ readonly parameters: Readonly<Record<string, string>>; readonly rest: Buffer } | undefined> {
  let bytes = Buffer.alloc(0)
  for (;;) {
    if (bytes.length >= 8 && bytes.length >= bytes.readInt32BE(0)) {
      const packet = bytes.subarray(0, bytes.readInt32BE(0))
      bytes = bytes.subarray(packet.length)
      const code = packet.readInt32BE(4)
      if (code >> 16 === 3) return { parameters: parametersOf(packet), rest: bytes }
      if (code !== sslCode && code !== gssCode) {
        socket.destroy()
        return undefined
      }
      socket.write('N')
      continue
    }
    const next = await chunks.next()
    if (next.done === true) return undefined
    bytes = Buffer.concat([bytes, next.value])
  }
}

function parametersOf(packet: Buffer): Readonly<Record<string, string>> {
  const words = packet.subarray(8).toString().split('\0')
  const pairs = Array.from({ length: words.length >> 1 }, (_, at) => [words[2 * at], words[2 * at + 1]])
  return Object.fromEntries(pairs.filter(([name]) => name !== '')) as Readonly<Record<string, string>>
}

/** Messages up to a Query, a FunctionCall or Sync are one request; COPY data go on with it. */
async function serve(
  socket: Socket,
  chunks: AsyncIterator<Buffer>,
  rest: Buffer,
  lanes: Lanes,
  protocol: Protocol,
  report: Report,
): Promise<void> {
  const reader = new MessageReader()
  reader.push(rest)
  let pending: Message[] = []
  let statement = ''
  let copying = false
  for (;;) {
    for (const each of reader.all()) {
      if (each.type === 'X') return
      pending.push(each)
      if (each.type === 'Q') statement = each.body.subarray(0, -1).toString()
      if (each.type === 'P') statement = each.body.toString().split('\0')[1] ?? ''
      if (each.type === 'F') statement = 'a call by number'
      const ends: boolean = (copying ? 'cf' : 'QSF').includes(each.type)
      if (!ends) continue
      const inSteps = protocol === 'extended' && each.type === 'Q' && !copies.test(statement)
      const bytes = inSteps
        ? extended(statement)
        : Buffer.concat(pending.map(({ type, body }) => frame(type, body)))
      pending = []
      const { reply, result }: Answered = copying
        ? await lanes.more(bytes)
        : await lanes.ask({ bytes, statement })
      copying = result === undefined
      if (result !== undefined) report(statement, result)
      socket.write(inSteps ? asSimple(reply) : reply.bytes)
      if (reply.closed) return void socket.end()
    }
    const next = await chunks.next()
    if (next.done === true) return
    reader.push(next.value)
  }
}

/** With COPY the protocols differ in who says when it is over. */
const copies = /^\s*(--[^\n]*\n\s*)*copy\b/i

/** Without what only the extended protocol has. */
function asSimple({ messages }: Transcript): Buffer {
  return Buffer.concat(
    messages.filter(({ type }) => !'123nst'.includes(type)).map(({ type, body }) => frame(type, body)),
  )
}
