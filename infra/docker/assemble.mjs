/**
 * Puts together what a gateway needs, and nothing else, in a new folder: built sources, the data they read, and
 * production dependencies. `node infra/docker/assemble.mjs <folder>`, in a clone with its packages installed.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const gateway = '@sluice/cli'
/** What built sources read at run time, besides each other. */
const data = [
  'LICENSE',
  'engine/console/dist/index.html',
  'engine/console/dist/assets/*',
  'infra/docker/ready.mjs',
  'policies/compiler/*.{br,json,sha256}',
  'policies/lib/*.rego',
  'policies/starter/*',
  'schemas/*.schema.json',
  'schemas/actions/*.json',
]
const unwanted = /\.(test|contract)\.|\.d\.ts$|\.map$|scripted/

function assemble(to) {
  execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'engine/cli'], {
    cwd: root,
    stdio: 'inherit',
  })
  execFileSync(process.execPath, [join(root, 'infra/build-console.mjs')], { stdio: 'inherit' })
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const manifests = ['', ...workspaces].map((folder) => join(folder, 'package.json'))
  copy([...manifests, 'package-lock.json'], to)
  // Without the packages of tests and the demo, and without anybody's install scripts.
  const install = [
    'ci',
    '--omit=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    `--workspace=${gateway}`,
  ]
  execFileSync('npm', install, { cwd: to, stdio: ['ignore', 'ignore', 'inherit'] })
  const needed = linked(to)
  for (const folder of workspaces.filter((each) => !needed.includes(each)))
    rmSync(join(to, folder), { recursive: true })
  copy(globSync(data, { cwd: root }), to)
  // Built where there is a compiler; the gateway works without, and says so.
  copy(globSync('node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node', { cwd: root }), to)
  for (const folder of needed)
    copy(
      globSync(`${folder}/dist/**/*.js`, { cwd: root }).filter((file) => !unwanted.test(file)),
      to,
    )
}

/** Folders of the workspaces that the gateway is made of. */
function linked(to) {
  return globSync('node_modules/@sluice/*', { cwd: to }).map((link) =>
    relative(to, resolve(to, 'node_modules/@sluice', readlinkSync(join(to, link)))),
  )
}

function copy(files, to) {
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true })
    cpSync(join(root, file), join(to, file))
  }
}

const [to] = process.argv.slice(2)
if (to === undefined) {
  console.error('usage: node infra/docker/assemble.mjs <folder>')
  process.exit(2)
}
assemble(resolve(to))
