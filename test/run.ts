import { spawn } from 'node:child_process'
import { globSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Runs every suite one after another, shows how long each took, and fails when any did. */

interface Suite {
  readonly name: string
  /** Test files, or a command. */
  readonly files?: readonly string[]
  readonly command?: readonly [string, ...string[]]
  /** Test files that run at once: one where they share the machine's attention with a server. */
  readonly concurrency?: number
}

/** A suite that does not come to an end has failed: what it left open would hold everything up for ever. */
const suiteMs = 8 * 60_000

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (name: string): string => `${root}node_modules/.bin/${name}`

/** Hundreds of processes read in the same files: one of them compiles each. */
const compiled = { NODE_COMPILE_CACHE: `${root}.sluice/test-code` }

const suites: readonly Suite[] = [
  { name: 'types', command: [bin('tsc'), '-b'] },
  {
    name: 'lint',
    command: [bin('oxlint'), '--type-aware', 'engine', 'adapters', 'schemas', 'policies', 'infra', 'test'],
  },
  { name: 'format', command: [bin('prettier'), '--check', '--log-level', 'warn', '.'] },
  { name: 'tidy', files: ['test/*.test.ts'] },
  { name: 'schemas', files: ['schemas/**/*.test.ts'] },
  { name: 'core', files: ['engine/core/src/**/*.test.ts'], concurrency: 2 },
  { name: 'masking', files: ['engine/masking/src/**/*.test.ts', 'test/detectors/**/*.test.ts'] },
  { name: 'journal', files: ['engine/journal/src/**/*.test.ts'], concurrency: 2 },
  {
    name: 'policy',
    files: ['engine/policy/src/**/*.test.ts', 'policies/**/*.test.ts'],
    // They wait for compilers and clocks, and share no server.
    concurrency: 2,
  },
  { name: 'identity', files: ['engine/identity/src/**/*.test.ts'] },
  { name: 'recognisers', files: ['engine/recognisers/src/**/*.test.ts'] },
  { name: 'notices', files: ['engine/notices/src/**/*.test.ts'] },
  { name: 'exporters', files: ['engine/exporters/src/**/*.test.ts'], concurrency: 2 },
  {
    name: 'telemetry',
    files: ['engine/telemetry/src/**/*.test.ts', 'test/telemetry/**/*.test.ts'],
    concurrency: 1,
  },
  { name: 'agent', files: ['engine/agent/src/**/*.test.ts', 'test/agent/**/*.test.ts'], concurrency: 2 },
  { name: 'projections', files: ['engine/projections/src/**/*.test.ts'] },
  {
    name: 'api and cli',
    files: ['engine/api/src/**/*.test.ts', 'engine/cli/src/**/*.test.ts'],
    concurrency: 2,
  },
  { name: 'terminal', files: ['engine/terminal/src/**/*.test.ts'] },
  { name: 'console', files: ['engine/console/src/**/*.test.ts'], concurrency: 2 },
  { name: 'demo', files: ['infra/demo/src/**/*.test.ts'], concurrency: 1 },
  {
    name: 'image',
    files: ['infra/docker/*.test.ts', 'infra/compose/*.test.ts'],
    // One of them installs and builds.
    concurrency: 1,
  },
  { name: 'postgres', files: ['adapters/postgres/src/**/*.test.ts'], concurrency: 2 },
  { name: 'http', files: ['adapters/http/src/**/*.test.ts'], concurrency: 2 },
  { name: 'ssh', files: ['adapters/ssh/src/**/*.test.ts'], concurrency: 2 },
  { name: 'simulation (slice)', files: ['test/simulation/**/*.test.ts'], concurrency: 1 },
  { name: 'contract', files: ['test/contract/**/*.test.ts'], concurrency: 3 },
  { name: 'kafka', files: ['test/kafka/**/*.test.ts'], concurrency: 2 },
  { name: 'exports', files: ['test/exporters/**/*.test.ts'], concurrency: 1 },
  { name: 'conformance (slice)', files: ['test/conformance/**/*.test.ts'], concurrency: 1 },
  { name: 'catalogue', files: ['test/catalogue/**/*.test.ts'], concurrency: 2 },
  { name: 'workers', files: ['test/workers/**/*.test.ts'], concurrency: 2 },
  { name: 'acceptance', files: ['test/acceptance/*.test.ts'], concurrency: 3 },
  // One file, which runs its drivers side by side.
  { name: 'acceptance drivers', files: ['test/acceptance/drivers/*.test.ts'], concurrency: 1 },
  { name: 'acceptance http', files: ['test/acceptance/http/*.test.ts'], concurrency: 2 },
  { name: 'console browser', files: ['test/console/*.test.ts'], concurrency: 2 },
  { name: 'acceptance ssh', files: ['test/acceptance/ssh/*.test.ts'], concurrency: 2 },
  { name: 'faults (slice)', files: ['test/faults/**/*.test.ts'], concurrency: 1 },
  { name: 'fuzz (slice)', files: ['test/fuzz/**/*.test.ts'], concurrency: 1 },
]

// The demo keeps its data there too, and `doctor` wants nobody else to look into it.
mkdirSync(`${root}.sluice`, { recursive: true, mode: 0o700 })

const only = process.argv.slice(2)
const unknown = only.filter((name) => !suites.some((suite) => suite.name === name))
if (unknown.length > 0) {
  console.error(`no suite ${unknown.join(', ')}: there are ${suites.map((suite) => suite.name).join(', ')}`)
  process.exit(2)
}

const results: { readonly name: string; readonly seconds: number; readonly passed: boolean }[] = []
for (const suite of suites.filter(({ name }) => only.length === 0 || only.includes(name))) {
  const command = commandOf(suite)
  if (command === null) {
    console.error(`suite ${suite.name} has no test file`)
    results.push({ name: suite.name, seconds: 0, passed: false })
    continue
  }
  console.log(`\n── ${suite.name}`)
  const started = performance.now()
  const passed = await run(command)
  results.push({ name: suite.name, seconds: (performance.now() - started) / 1000, passed })
}

console.log('\nsuite          seconds')
for (const { name, seconds, passed } of results)
  console.log(`${name.padEnd(14)} ${seconds.toFixed(1).padStart(7)}  ${passed ? 'passed' : 'FAILED'}`)
const failed = results.filter(({ passed }) => !passed).length
console.log(`\n${results.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function commandOf({ files, command, concurrency }: Suite): readonly [string, ...string[]] | null {
  if (command !== undefined) return command
  const found = globSync(files ?? [], { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] })
  if (found.length === 0) return null
  const parallel = concurrency === undefined ? [] : [`--test-concurrency=${concurrency}`]
  return [
    process.execPath,
    '--conditions=source',
    '--disable-warning=ExperimentalWarning',
    // The Kafka client sets a timer to the past, which is harmless.
    '--disable-warning=TimeoutNegativeWarning',
    '--test',
    '--test-reporter=dot',
    ...parallel,
    ...found.toSorted(),
  ]
}

function run([file, ...args]: readonly [string, ...string[]]): Promise<boolean> {
  const env = { ...process.env, ...compiled }
  const child = spawn(file, args, { cwd: root, stdio: 'inherit', env, detached: true })
  const end = (signal: NodeJS.Signals): void => endGroup(child.pid, signal)
  const late = setTimeout(() => {
    console.error(`\nnot at its end after ${suiteMs / 60_000} minutes: it is stopped`)
    end('SIGKILL')
  }, suiteMs)
  const interrupted = (signal: NodeJS.Signals): void => {
    end(signal)
    process.exit(1)
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  return new Promise<boolean>((resolve) => {
    child.once('error', (error) => {
      console.error(error.message)
      resolve(false)
    })
    child.once('exit', (code) => resolve(code === 0))
  }).finally(() => {
    clearTimeout(late)
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
  })
}

/** Whatever the suite started and did not stop is in its process group. */
function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch {
    // It ended by itself.
  }
}
