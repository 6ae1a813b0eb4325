import { createServer, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { ManagedReference, ManagersConfig } from '@sluice/identity'

/** One that keeps secrets, for the contract: real, or a stand-in that follows what its maker published. */
export interface Keeper extends AsyncDisposable {
  readonly config: ManagersConfig
  put(name: string, value: string): Promise<void>
  /** Of what was put; `field` of a value that is a JSON object. */
  reference(name: string, field?: string): ManagedReference
  /** Questions for a secret so far; `null`: it does not tell. */
  asked(): number | null
  /** From now on what this gateway shows is worth nothing; it is given something new when it asks. */
  forgetLogins(): Promise<void>
}

export interface HeardRequest {
  readonly method: string
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Said {
  readonly status: number
  readonly body: string
}

export function json(status: number, body: object): Said {
  return { status, body: JSON.stringify(body) }
}

/** A server of a stand-in: what its script throws is answered with 500, which no contract accepts. */
export async function served(
  script: (heard: HeardRequest) => Said | Promise<Said>,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '/', headers } = request
      const heard = {
        method,
        url: new URL(url, `http://${headers.host}`),
        headers,
        body: Buffer.concat(chunks).toString(),
      }
      Promise.resolve()
        .then(() => script(heard))
        .catch((error: unknown) => ({ status: 500, body: String(error) }))
        .then(({ status, body }) => response.writeHead(status).end(body))
        .catch(() => response.destroy())
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
