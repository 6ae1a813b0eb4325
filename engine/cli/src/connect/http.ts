import { createServer, request as requestInClear, type IncomingMessage, type Server } from 'node:http'
import type { ServerResponse } from 'node:http'
import { request as requestSecured } from 'node:https'
import { pipeline } from 'node:stream/promises'
import { addressText } from '@sluice/core'
import { Unreachable } from '../command.ts'
import { codeOf, type Door } from './gateway-socket.ts'
import { answerHeaders, requestHeaders } from './http-headers.ts'
import { strangerIn } from './http-strangers.ts'
import type { TokenKeeper } from './token-keeper.ts'

export interface HttpPorts {
  readonly target: string
  readonly door: Door
  readonly tokens: Pick<TokenKeeper, 'current' | 'begun'>
}

/** A target's API at the root of an address of this machine: each request gets the token of now, and its answer streams. */
export function httpServer(ports: HttpPorts): Server {
  const server = createServer((request, response) => {
    serve(request, response, ports).catch((error: unknown) => refuse(response, error))
  })
  // Uploads and answers of language models take as long as they take; the gateway has the bounds.
  server.requestTimeout = 0
  server.on('connect', (_request, socket) => {
    socket.on('error', () => {})
    socket.end('HTTP/1.1 501 Not Implemented\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  })
  return server
}

async function serve(request: IncomingMessage, response: ServerResponse, ports: HttpPorts): Promise<void> {
  const stranger = strangerIn(request)
  if (stranger !== undefined) return problem(response, 403, 'stranger', stranger)
  const path = request.url ?? ''
  if (!path.startsWith('/') && path !== '*')
    return problem(response, 400, 'no_proxy', 'This is no proxy: use it as the base URL.')
  const token = await ports.tokens.current()
  const answer = await forwarded(request, response, token, ports)
  ports.tokens.begun(token)
  response.writeHead(
    answer.statusCode ?? 502,
    answer.statusMessage ?? '',
    answerHeaders(answer.rawHeaders, ports.target),
  )
  // What cannot be finished is cut, so that nobody takes it for whole.
  await pipeline(answer, response).catch(() => response.destroy())
}

/** Resolves with the head of the answer. Rejects with `Unreachable`. */
function forwarded(
  request: IncomingMessage,
  response: ServerResponse,
  token: string,
  { target, door }: HttpPorts,
): Promise<IncomingMessage> {
  const { host, port } = door.address
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const upstream = (door.secured ? requestSecured : requestInClear)({
    host,
    port,
    method: request.method,
    path: `/${encodeURIComponent(target)}${request.url === '*' ? '/' : request.url}`,
    headers: requestHeaders(request.rawHeaders, addressText(door.address), token),
    minVersion: 'TLSv1.2',
  })
  upstream.once('response', resolve)
  upstream.once('error', (error) =>
    reject(new Unreachable(`no gateway answers at ${host}:${port} (${codeOf(error)})`, { cause: error })),
  )
  response.once('close', () => upstream.destroy())
  pipeline(request, upstream).catch(() => upstream.destroy())
  return promise
}

function refuse(response: ServerResponse, error: unknown): void {
  const detail = `sluice connect: ${error instanceof Error ? error.message : String(error)}`
  if (error instanceof Unreachable) problem(response, 502, 'gateway_unreachable', detail)
  else problem(response, 401, 'token_refused', detail)
}

/** Problem details (RFC 9457), with what the SDKs of OpenAI read. */
function problem(response: ServerResponse, status: number, title: string, detail: string): void {
  if (response.headersSent) return void response.destroy()
  const error = { message: detail, type: title, code: title, param: null }
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, error })
  response.writeHead(status, { 'content-type': 'application/problem+json', connection: 'close' }).end(body)
}
