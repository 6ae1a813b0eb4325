import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@sluice/demo'
import type { Certificate } from '../src/certificate.ts'
import { installUntil } from '../src/program.ts'

const binary = '/usr/sbin/rsyslogd'
const tlsDriver = ['/usr/lib', '/usr/lib64'].map((folder) => `${folder}/rsyslog/lmnsd_gtls.so`)

/** Why there is no rsyslog here; `null` when there is. Debian's is installed where that is allowed. */
export async function missingRsyslog(): Promise<string | null> {
  await installUntil(isThere, ['rsyslog', 'rsyslog-gnutls'])
  return isThere() ? null : 'there is no rsyslog with rsyslog-gnutls here, and this user cannot install it'
}

function isThere(): boolean {
  const architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
  const drivers = [...tlsDriver, `/usr/lib/${architecture}-linux-gnu/rsyslog/lmnsd_gtls.so`]
  return existsSync(binary) && drivers.some((driver) => existsSync(driver))
}

export interface SyslogLine {
  readonly priority: string
  readonly time: string
  readonly host: string
  readonly app: string
  readonly messageId: string
  readonly data: string
  readonly text: string
}

/** A real receiver, with its own configuration, ports and files. */
export class Rsyslogd implements AsyncDisposable {
  readonly tcp: number
  readonly tls: number
  readonly #folder: string
  #child: ChildProcess | undefined

  private constructor(folder: string, tcp: number, tls: number) {
    this.#folder = folder
    this.tcp = tcp
    this.tls = tls
  }

  static async create(certificate: Certificate): Promise<Rsyslogd> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-rsyslog-'))
    const [tcp, tls] = [await freePort(), await freePort()]
    await writeFile(join(folder, 'cert.pem'), certificate.cert)
    await writeFile(join(folder, 'key.pem'), certificate.key, { mode: 0o600 })
    await writeFile(join(folder, 'rsyslog.conf'), configuration(folder, tcp, tls))
    return new Rsyslogd(folder, tcp, tls)
  }

  async start(): Promise<void> {
    const args = ['-n', '-f', join(this.#folder, 'rsyslog.conf'), '-i', join(this.#folder, 'pid')]
    this.#child = spawn(binary, args, { stdio: 'ignore' })
    for (const port of [this.tcp, this.tls]) await listening(port)
  }

  /** At once, whatever it was doing. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined) return
    child.kill('SIGKILL')
    await once(child, 'exit')
    await rm(join(this.#folder, 'pid'), { force: true })
  }

  async lines(): Promise<readonly SyslogLine[]> {
    const text = await readFile(join(this.#folder, 'out'), 'utf8').catch(() => '')
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const [priority = '', time = '', host = '', app = '', messageId = '', data = '', message = ''] =
          line.split('\t')
        return { priority, time, host, app, messageId, data, text: message }
      })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

function configuration(folder: string, tcp: number, tls: number): string {
  const fields = [
    'pri',
    'timereported:::date-rfc3339',
    'hostname',
    'app-name',
    'msgid',
    'structured-data',
    'msg',
  ]
  return `
global(
  workDirectory="${folder}" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"
  defaultNetstreamDriverCAFile="${folder}/cert.pem"
  defaultNetstreamDriverCertFile="${folder}/cert.pem" defaultNetstreamDriverKeyFile="${folder}/key.pem"
)
module(load="imtcp")
template(name="fields" type="string" string="${fields.map((field) => `%${field}%`).join('\\t')}\\n")
ruleset(name="all") { action(type="omfile" file="${folder}/out" template="fields") }
input(type="imtcp" address="127.0.0.1" port="${tcp}" ruleset="all")
input(
  type="imtcp" address="127.0.0.1" port="${tls}" ruleset="all"
  streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon"
)
`
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const socket = connect({ host: '127.0.0.1', port })
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await sleep(50)
  }
  throw new Error(`rsyslog does not listen on ${port}`)
}
