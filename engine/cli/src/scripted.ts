import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Io } from './command.ts'
import { demoStateFile, type DemoState } from './demo-state.ts'
import { sluice } from './sluice.ts'

/** What a command wrote, and how it ended. */
export interface Ended {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** One run of `sluice …` in this process, with its own environment and streams. */
export async function ran(
  args: readonly string[],
  env: Io['env'] = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<Ended> {
  const written = { out: '', error: '' }
  const code = await sluice(args, {
    env: { XDG_CONFIG_HOME: '/nonexistent', ...env },
    signal,
    out: (more) => (written.out += more),
    error: (more) => (written.error += more),
  })
  return { code, ...written }
}

/** A folder of a test, gone when the test is. */
export function scratchFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'sluice-cli-test-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string
  /** Method, path and body of each request. */
  readonly asked: readonly string[]
}

/** An HTTP server that answers as it is told: the API, or an identity provider. */
export async function scriptedServer(
  answer: (path: string, request: IncomingMessage) => { readonly status?: number; readonly body: string },
): Promise<ScriptedServer> {
  const asked: string[] = []
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? ''
    asked.push(`${request.method} ${path} ${await text(request)}`.trim())
    const { status = 200, body } = answer(path, request)
    response.writeHead(status).end(body)
  }
  const server = createServer((request, response) => void respond(request, response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** The traces of a demo whose API and identity provider are at one address. */
export function leaveDemo(data: string, url: string, names: readonly string[], config?: object): void {
  const state: DemoState = {
    api: url,
    listen: { postgres: new URL(url).host },
    direct: { shop: 'postgresql://app:hidden@127.0.0.1:1/shop' },
    identity: {
      token_endpoint: `${url}/token`,
      requests: Object.fromEntries(names.map((name) => [name, { subject: name }])),
      login: { issuer: url, client_id: 'sluice-cli', resource: 'urn:sluice', password: 'p' },
    },
  }
  writeFileSync(demoStateFile(data), JSON.stringify({ ...state, config }))
}

/** An address at which nothing listens. */
export const nobody = 'http://127.0.0.1:9'
