import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { large, small } from './content.ts'

/**
 * What every door leads to, where it cannot be a file: events and streams without end. Beside them the same contents, for
 * a machine without nginx. `node origin.ts`
 */
const eventMs = 5
const piece = Buffer.alloc(65_536, 'x')

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://origin')
  const amount = Number(searchParams.get('amount'))
  const content = [small, large].find(({ path }) => path === pathname)
  if (content !== undefined) {
    response.setHeader('content-type', content.type)
    response.end(content.text)
  } else if (pathname === '/events') void events(response, amount)
  else if (pathname === '/bytes') void bytes(response, amount)
  else response.writeHead(404).end()
})
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address !== 'string') console.log(`listening on ${address.port}`)
})

/** Each says when it left, by the clock that all processes of a machine share. */
async function events(response: ServerResponse, amount: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  for (let sent = 0; sent < amount && !response.destroyed; sent++) {
    response.write(`data: ${process.hrtime.bigint()}\n\n`)
    await sleep(eventMs)
  }
  response.end()
}

async function bytes(response: ServerResponse, amount: number): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': amount })
  for (let left = amount; left > 0 && !response.destroyed; left -= piece.length) {
    const room = response.write(left < piece.length ? piece.subarray(0, left) : piece)
    if (!room) await Promise.race([once(response, 'drain'), once(response, 'close')])
  }
  response.end()
}
