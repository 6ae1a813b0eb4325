import { createServer, type ServerResponse } from 'node:http'
import { Pool, type Dispatcher } from 'undici'

/**
 * The floor of a gateway that reads HTTP in this runtime: requests are parsed and answers streamed both ways over
 * connections that stay, and nothing else is done. `node bare.ts <origin port>`
 */
const origin = `127.0.0.1:${process.argv[2]}`
const pool = new Pool(`http://${origin}`, { connections: 64, pipelining: 1, bodyTimeout: 0 })
const ofOneConnection = new Set(['host', 'connection', 'keep-alive', 'transfer-encoding', 'expect'])

const server = createServer((request, response) => {
  const bodiless = request.headers['content-length'] === undefined && !request.headers['transfer-encoding']
  pool.dispatch(
    {
      method: request.method as Dispatcher.HttpMethod,
      path: request.url ?? '/',
      headers: kept(request.rawHeaders),
      body: bodiless ? null : request,
    },
    new Forwarding(response),
  )
})
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address !== 'string') console.log(`listening on ${address.port}`)
})

class Forwarding implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse

  constructor(response: ServerResponse) {
    this.#response = response
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) controller.abort(new Error('the client is gone'))
    })
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const { rawHeaders } = controller
    this.#response.writeHead(status, kept(Array.isArray(rawHeaders) ? rawHeaders : []))
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    if (this.#response.write(bytes)) return
    controller.pause()
    this.#response.once('drain', () => controller.resume())
  }

  onResponseEnd(): void {
    this.#response.end()
  }

  onResponseError(): void {
    if (this.#response.headersSent) this.#response.destroy()
    else this.#response.writeHead(502).end()
  }
}

/** Names and values in turn, as they came, without what is said between two neighbours only. */
function kept(raw: readonly (string | Buffer)[]): string[] {
  const headers: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = String(raw[at])
    if (!ofOneConnection.has(name.toLowerCase())) headers.push(name, String(raw[at + 1]))
  }
  return headers
}
