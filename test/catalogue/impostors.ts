import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { message, selfSigned, type Certificate } from '../src/index.ts'

/** Something that stands where a target should, and wants the gateway's credential. */
export interface Impostor {
  /** What it does; also the name of the target that leads to it. */
  readonly name: string
  readonly tls: 'disable' | 'verify-full'
  /** PEM that the gateway is told to trust there. */
  readonly authority: string
  readonly port: number
  /** Everything that it was told, decrypted where there was encryption. */
  readonly heard: Buffer
}

export interface Impostors {
  /** What must never be told to any of them. */
  readonly password: string
  readonly all: readonly Impostor[]
  close(): Promise<void>
}

const password = 'the-upstream-password-of-the-gateway'

const authentication = (method: number, ...data: readonly (string | Uint8Array)[]): Buffer =>
  message.frame('R', message.int32(method), ...data)
const salt = Buffer.from([1, 2, 3, 4])

/** Answers, one for each message after the startup packet; the first comes for the packet itself. */
const askers: Readonly<Record<string, readonly ((heard: Buffer) => Buffer)[]>> = {
  'asks-for-clear-text': [() => authentication(3)],
  'asks-for-md5': [() => authentication(5, salt), () => rejected],
  'asks-for-kerberos': [() => authentication(2)],
  'asks-for-crypt': [() => authentication(4, salt)],
  'asks-for-gss': [() => authentication(7)],
  'asks-for-sspi': [() => authentication(9)],
  'asks-for-the-unknown': [() => authentication(4711, 'give me the password')],
  'offers-plain': [() => authentication(10, 'PLAIN\0\0')],
  'offers-channel-binding-only': [() => authentication(10, 'SCRAM-SHA-256-PLUS\0\0')],
  'proves-nothing': [() => scram, challenge, () => authentication(0)],
  'proves-too-little': [() => scram, challenge, () => authentication(12, 'v=AAAA')],
  'changes-the-nonce': [() => scram, () => authentication(11, 'r=another,s=AAAA,i=4096')],
  'reads-another-encoding': [() => welcome({ client_encoding: 'SJIS', standard_conforming_strings: 'on' })],
  'reads-backslashes': [() => welcome({ client_encoding: 'UTF8', standard_conforming_strings: 'off' })],
  'says-nothing-of-how-it-reads': [() => welcome({ server_version: '15.0' })],
}

/** Lets anybody in, and reports how it reads texts. */
function welcome(reported: Readonly<Record<string, string>>): Buffer {
  const settings = Object.entries(reported).map(([name, value]) => message.frame('S', `${name}\0${value}\0`))
  return Buffer.concat([authentication(0), ...settings, message.frame('Z', 'I')])
}

const scram = authentication(10, 'SCRAM-SHA-256\0\0')
const rejected = message.frame('E', 'SFATAL\0VFATAL\0C28P01\0Mno\0\0')

/** Goes on where the client's nonce ends, as RFC 5802 asks. */
function challenge(heard: Buffer): Buffer {
  const nonce = /r=([^,]+)$/.exec(heard.toString('latin1'))?.[1] ?? ''
  return authentication(11, `r=${nonce}more,s=${Buffer.alloc(16).toString('base64')},i=4096`)
}

export async function startImpostors(trusted: Certificate): Promise<Impostors> {
  const misnamed = selfSigned('elsewhere.example')
  const stranger = selfSigned('localhost', '127.0.0.1')
  const encrypted = [
    start('declines-tls', trusted, (it, socket) => it.listen(socket, () => socket.write('N'))),
    start('speaks-before-tls', trusted, (it, socket) =>
      it.listen(socket, () =>
        socket.write(Buffer.concat([Buffer.from('S'), authentication(0), authentication(3)])),
      ),
    ),
    start('fails-without-tls', trusted, (it, socket) => it.listen(socket, () => socket.write(rejected))),
    start('shows-a-strange-certificate', trusted, (it, socket) => it.encrypts(socket, stranger)),
    start('shows-another-name', misnamed, (it, socket) => it.encrypts(socket, misnamed)),
  ]
  const clear = Object.entries(askers).map(([name, answers]) =>
    start(name, undefined, (it, socket) => it.answers(socket, answers)),
  )
  const all = await Promise.all([...encrypted, ...clear])
  return {
    password,
    all,
    async close() {
      await Promise.all(all.map((impostor) => impostor.close()))
    },
  }
}

async function start(
  name: string,
  authority: Certificate | undefined,
  behave: (it: Listening, socket: Socket) => void,
): Promise<Listening> {
  const server = createServer()
  const listening = new Listening(name, authority, server)
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    behave(listening, socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return listening
}

class Listening implements Impostor {
  readonly name: string
  readonly tls: Impostor['tls']
  readonly authority: string
  readonly #server: Server
  readonly #sockets = new Set<Duplex>()
  #heard: Buffer[] = []

  constructor(name: string, authority: Certificate | undefined, server: Server) {
    this.name = name
    this.tls = authority === undefined ? 'disable' : 'verify-full'
    this.authority = authority?.cert ?? ''
    this.#server = server
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get heard(): Buffer {
    return Buffer.concat(this.#heard)
  }

  listen(socket: Duplex, then: (chunk: Buffer) => void): void {
    this.#sockets.add(socket)
    socket.on('data', (chunk: Buffer) => {
      this.#heard.push(chunk)
      then(chunk)
    })
  }

  /** Takes the request for TLS with a certificate that should not be trusted, and then wants the password. */
  encrypts(socket: Socket, { cert, key }: Certificate): void {
    socket.once('data', (request: Buffer) => {
      this.#heard.push(request)
      socket.write('S')
      const secured = new TLSSocket(socket, { isServer: true, cert, key })
      secured.on('error', () => {})
      this.listen(secured, () => secured.write(authentication(3)))
    })
  }

  answers(socket: Socket, answers: readonly ((heard: Buffer) => Buffer)[]): void {
    let next = 0
    this.listen(socket, (chunk) => socket.write(answers[next++]?.(chunk) ?? rejected))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }
}
