import { once } from 'node:events'
import { timingSafeEqual } from 'node:crypto'
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2'
import { ShopFiles, shopFiles } from './shop-files.ts'
import { runProgram } from './shop-programs.ts'
import { serveFiles } from './shop-sftp.ts'

export interface ShopHost {
  readonly host: string
  readonly port: number
  close(): Promise<void>
}

/** The pair of its host key: private as PEM, public as a line. */
export interface HostKeys {
  readonly private: string
  readonly public: string
}

export interface ShopHostOptions {
  /** 0 takes a free one. */
  readonly port: number
  readonly user: string
  /** Whoever has it may do everything. */
  readonly password: string
  readonly keys: HostKeys
}

const inputBytesMax = 1_048_576

/** The library writes one pair of some hundreds without the zero that it begins with, which nobody can read. */
export function newHostKeys(
  generate: () => HostKeys = () => ssh2.utils.generateKeyPairSync('ed25519'),
): HostKeys {
  for (;;) {
    const keys = generate()
    const read = [keys.private, keys.public].map((text) => ssh2.utils.parseKey(text))
    if (!read.some((key) => key instanceof Error)) return keys
  }
}

/** An SSH host with a few files and programs, all in memory, on loopback: what would be a machine of the company's. */
export async function startShopHost({ port, user, password, keys }: ShopHostOptions): Promise<ShopHost> {
  const files = new ShopFiles(shopFiles)
  const connections = new Set<Connection>()
  const server = new ssh2.Server({ hostKeys: [keys.private] }, (connection) => {
    connections.add(connection)
    connection.on('close', () => connections.delete(connection)).on('error', () => {})
    connection.on('authentication', (attempt) => {
      if (knows(attempt, user, password)) attempt.accept()
      else attempt.reject(['password'])
    })
    connection.on('session', (accept) => {
      const session = accept()
      session.on('exec', (take, _reject, { command }) => void run(take(), command, files))
      session.on('sftp', (take) => serveFiles(take(), files))
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the sample host listens nowhere')
  return {
    host: '127.0.0.1',
    port: address.port,
    close: async () => {
      for (const connection of connections) connection.end()
      await new Promise((resolve) => server.close(() => resolve(undefined)))
    },
  }
}

function knows(attempt: AuthContext, user: string, password: string): boolean {
  if (attempt.method !== 'password' || attempt.username !== user) return false
  const [given, wanted] = [Buffer.from(attempt.password), Buffer.from(password)]
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** Only what reads its input waits for it. */
async function run(channel: ServerChannel, command: string, files: ShopFiles): Promise<void> {
  channel.on('error', () => {})
  let input = ''
  if (/^(?:cat|grep|head|tail|wc)\b/.test(command) && !command.includes('/'))
    for await (const piece of channel) {
      input += String(piece)
      if (input.length > inputBytesMax) break
    }
  else channel.resume()
  const { stdout, stderr, status } = runProgram(command, input, files)
  channel.stderr.write(stderr)
  channel.write(stdout)
  channel.exit(status)
  channel.end()
}
