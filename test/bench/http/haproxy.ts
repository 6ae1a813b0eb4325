import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startChild } from '../child.ts'
import { freePort } from '@sluice/demo'

export interface Haproxy extends AsyncDisposable {
  readonly port: number
  readonly pid: number
}

/** In its HTTP mode, which reads requests and answers as a gateway must, and without holding events back. */
export async function startHaproxy(program: string, folder: string, origin: number): Promise<Haproxy> {
  await using parts = new AsyncDisposableStack()
  const own = await mkdtemp(join(folder, 'haproxy-'))
  parts.defer(() => rm(own, { recursive: true }))
  const port = await freePort()
  const file = join(own, 'haproxy.cfg')
  await writeFile(
    file,
    `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  http-reuse always
  option http-no-delay
frontend door
  bind 127.0.0.1:${port}
  default_backend origin
backend origin
  server origin 127.0.0.1:${origin}
`,
  )
  const child = await startChild({ program, args: ['-V', '-db', '-f', file], until: /will use/ })
  parts.defer(() => child.stop())
  const open = parts.move()
  return { port, pid: child.pid, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
