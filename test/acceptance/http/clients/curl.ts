import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Json } from '@sluice/core'
import type { HttpDoor } from '../../../src/index.ts'
import type { Case } from '../../transcript.ts'

const run = promisify(execFile)

/** curl, with what people type. */
export const curlCases: Readonly<Record<string, Case<HttpDoor>>> = {
  'a document': (door) => curl(door, '/json'),
  'a form': (door) => curl(door, '/echo', '-d', 'a=1&b=two'),
  'a JSON body': (door) => curl(door, '/echo', '--json', '{"a": 1}'),
  'a body as it is': (door) =>
    curl(door, '/echo', '-X', 'PUT', '-H', 'content-type: text/plain', '--data-binary', 'a\r\nb'),
  'a body that it announces': (door) =>
    curl(door, '/echo', '-H', 'expect: 100-continue', '--data-binary', 'x'.repeat(2_000)),
  'a body in chunks': (door) => curl(door, '/echo', '-H', 'transfer-encoding: chunked', '-d', 'a=1'),
  'only the head': (door) => curl(door, '/head', '-I', '-o', '/dev/null'),
  compressed: (door) => curl(door, '/gzip', '--compressed'),
  'a redirect': (door) => curl(door, '/redirect', '-L'),
  'nothing new': (door) => curl(door, '/unchanged'),
  'two on one connection': async (door) => {
    const { url } = door
    const stdout = await curl(
      door,
      '/json',
      '-w',
      '%{num_connects} ',
      '--next',
      ...tokenOf(door),
      '-s',
      `${url}/empty`,
      '-w',
      '%{num_connects}',
    )
    return stdout
  },
  'HTTP/1.0': (door) => curl(door, '/json', '--http1.0'),
}

async function curl(door: HttpDoor, path: string, ...options: readonly string[]): Promise<Json> {
  const { stdout } = await run(
    'curl',
    ['-s', '-S', '-w', ' %{http_code}', ...tokenOf(door), `${door.url}${path}`, ...options],
    {
      encoding: 'latin1',
    },
  )
  return stdout
}

export function tokenOf({ headers }: HttpDoor): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
}
