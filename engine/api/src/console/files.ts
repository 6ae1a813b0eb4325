import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/** One file of the built console, as it is sent. */
export interface ConsoleFile {
  readonly type: string
  readonly etag: string
  /** Its name holds a hash of what is in it. */
  readonly immutable: boolean
  /** By content coding; `identity` is the file as it is. */
  readonly bytes: { readonly identity: Buffer; readonly br?: Buffer; readonly gzip?: Buffer }
}

/** By path, e.g. `/assets/index-D2hf81.js`. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}

/** These are compressed already. */
const dense: readonly string[] = ['.png', '.woff2', '.ico']

/** Vite puts into this folder what has a hash in its name. */
const hashed = '/assets/'

/**
 * The built console, read once and held: it is small, and a name that is not among these files is not there, however it
 * is written. `null`: it was not built.
 */
export async function readConsole(folder: string): Promise<ConsoleFiles | null> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  const paths = names
    .filter((entry) => entry.isFile() && types[extname(entry.name)] !== undefined)
    .map((entry) => join(entry.parentPath, entry.name))
  const files = await Promise.all(
    paths.map(async (path) => {
      const name = path.slice(folder.length).replaceAll('\\', '/').replace(/^\/?/, '/')
      return [name, await fileOf(name, await readFile(path))] as const
    }),
  )
  const read = new Map(files)
  return read.has('/index.html') ? read : null
}

async function fileOf(name: string, identity: Buffer): Promise<ConsoleFile> {
  const kind = extname(name)
  const packed = dense.includes(kind) ? {} : await compressed(identity)
  return {
    type: types[kind] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}"`,
    immutable: name.startsWith(hashed),
    bytes: { identity, ...packed },
  }
}

/** Well enough within a start: the highest levels take ten times as long for a few per cent. */
async function compressed(bytes: Buffer): Promise<{ readonly br: Buffer; readonly gzip: Buffer }> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: 7, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  const [br, zipped] = await Promise.all([
    promisify(brotliCompress)(bytes, { params }),
    promisify(gzip)(bytes, { level: 7 }),
  ])
  return { br, gzip: zipped }
}
