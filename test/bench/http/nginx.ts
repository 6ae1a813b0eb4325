import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startChild } from '../child.ts'
import { freePort } from '@sluice/demo'
import { large, small } from './content.ts'

export interface Nginx extends AsyncDisposable {
  readonly port: number
  readonly pid: number
}

/** Files from the disk, as the cheapest origin there is. */
export async function startStaticOrigin(program: string, folder: string): Promise<Nginx> {
  const files = join(folder, 'origin')
  await mkdir(files, { recursive: true })
  for (const { path, text } of [small, large]) await writeFile(join(files, path), text)
  const types = `types { ${large.type} json; }\ndefault_type ${small.type};`
  return startNginx(program, folder, '', `root ${files};\n${types}\nsendfile on;`)
}

/** The usual reverse proxy. Events must come as they are said. */
export function startReverseProxy(program: string, folder: string, origin: number): Promise<Nginx> {
  const upstream = `upstream origin { server 127.0.0.1:${origin}; keepalive 64; keepalive_requests 1000000000; }`
  const locations = `proxy_http_version 1.1;
proxy_set_header Connection "";
location / { proxy_pass http://origin; }
location /events { proxy_pass http://origin; proxy_buffering off; }`
  return startNginx(program, folder, upstream, locations)
}

/** One process, the worker, which any user may start. */
async function startNginx(program: string, folder: string, beside: string, serving: string): Promise<Nginx> {
  await using parts = new AsyncDisposableStack()
  const own = await mkdtemp(join(folder, 'nginx-'))
  parts.defer(() => rm(own, { recursive: true }))
  const port = await freePort()
  const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${own}/${kind};`,
  )
  const settings = `daemon off;
master_process off;
pid ${own}/pid;
error_log stderr notice;
events { worker_connections 1024; }
http {
access_log off;
keepalive_requests 1000000000;
${scratch.join('\n')}
${beside}
server {
listen 127.0.0.1:${port};
${serving}
}
}
`
  const file = join(own, 'nginx.conf')
  await writeFile(file, settings)
  const child = await startChild({
    program,
    args: ['-p', own, '-e', 'stderr', '-c', file],
    until: /nginx\/\d/,
  })
  parts.defer(() => child.stop())
  const open = parts.move()
  return { port, pid: child.pid, [Symbol.asyncDispose]: () => open.disposeAsync() }
}
