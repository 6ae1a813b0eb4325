import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Requests that a well-known server refuses: those that gunicorn's own tests hold, as it ships them. */
export interface Malformed {
  readonly name: string
  readonly bytes: Buffer
}

const run = promisify(execFile)
const version = '23.0.0'
const sha256 = 'f014447a0101dc57e294f6c18ca6b40227a4c90e9bdb586042628030cba004ec'
const archive = `gunicorn-${version}.tar.gz`
const folder = fileURLToPath(new URL(`../../.sluice/gunicorn-${version}`, import.meta.url))
const downloadMs = 180_000

/** Got once from the registry; rejects where it cannot be reached. */
export async function malformedCorpus(): Promise<readonly Malformed[]> {
  const cases = join(folder, 'tests', 'requests', 'invalid')
  const files = await readdir(cases).catch(async () => {
    await download()
    return readdir(cases)
  })
  const found: Malformed[] = []
  for (const file of files.filter((each) => each.endsWith('.http')).toSorted()) {
    const name = file.replace('.http', '')
    const settings = await readFile(join(cases, `${name}.py`), 'utf8')
    // Well formed, but for what that server was told to refuse besides.
    if (settings.includes('cfg.set(')) continue
    found.push({ name, bytes: bytesOf(await readFile(join(cases, file), 'latin1')) })
  }
  return found
}

/** In the files line ends are written out, so that the lines of a file are for its reader alone. */
function bytesOf(text: string): Buffer {
  const written: Readonly<Record<string, string>> = {
    '\\r\\n': '\r\n',
    '\\0': '\0',
    '\\n': '\n',
    '\\t': '\t',
  }
  return Buffer.from(
    text.replaceAll('\n', '').replace(/\\r\\n|\\[0nt]/g, (each) => written[each] ?? each),
    'latin1',
  )
}

/** Unpacked beside its place: what an interruption leaves is not taken for the whole. */
async function download(): Promise<void> {
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 })
  const draft = await mkdtemp(`${folder}-`)
  try {
    const pip = [
      '-m',
      'pip',
      'download',
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--no-binary',
      ':all:',
    ]
    await run('python3', [...pip, '--dest', draft, `gunicorn==${version}`], { timeout: downloadMs })
    const found = createHash('sha256')
      .update(await readFile(join(draft, archive)))
      .digest('hex')
    if (found !== sha256) throw new Error(`${archive} is another one: ${found}`)
    await run('tar', ['-xzf', join(draft, archive), '-C', draft])
    await rename(join(draft, `gunicorn-${version}`), folder)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}
