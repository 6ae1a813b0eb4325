/**
 * Builds the console where it is missing or other than its sources, in a second or two; otherwise it is over in a moment.
 * `node infra/build-console.mjs`, with the pinned Node.js, in a clone that is set up.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'engine/console')
const stampFile = join(folder, 'dist/.built-from')
/** What the bundle is made of, and what it is made with. */
const sources = [
  'package-lock.json',
  'engine/core/src/visible.ts',
  'engine/terminal/src/*',
  'engine/console/{index.html,package.json,vite.config.ts}',
  'engine/console/src/**/*',
]

const stamp = stampOf(globSync(sources, { cwd: root }).filter(isSource).toSorted())
if (readIfThere(stampFile) !== stamp) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/vite/bin/vite.js'), 'build', '--logLevel', 'warn'],
    { cwd: folder, encoding: 'utf8' },
  )
  if (status === 0) writeFileSync(stampFile, stamp)
  else {
    console.error(`The console cannot be built:\n${stdout}${stderr}`)
    process.exitCode = 1
  }
}

function isSource(name) {
  return !name.includes('.test.') && statSync(join(root, name)).isFile()
}

function stampOf(names) {
  const hash = createHash('sha256')
  for (const name of names) hash.update(`${name}\0`).update(readFileSync(join(root, name)))
  return `${hash.digest('hex')}\n`
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}
