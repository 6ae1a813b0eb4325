import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Laned } from './lanes.ts'

export interface Suite extends Laned {
  readonly name: string
  /** Test files, or a command. */
  readonly files?: readonly string[]
  readonly command?: readonly [string, ...string[]]
  /** Test files that run at once: one where they share the machine's attention with a server. */
  readonly concurrency?: number
  /** They share one process: they start nothing and leave nothing, so that starting it is most of what each file takes. */
  readonly together?: boolean
}

export const root: string = fileURLToPath(new URL('../..', import.meta.url))
const bin = (name: string): string => `${root}node_modules/.bin/${name}`

/** What was well formatted, by this version and these rules, is not looked at again until it changes. */
const remembering = ['--cache', '--cache-strategy', 'content', '--cache-location', `${root}.sluice/formatted`]

const measures = 'it measures how long things take'

/** What fails most often comes first, then what takes longest: the short ones fill the lanes at the end. */
export const suites: readonly Suite[] = [
  { name: 'types', command: [bin('tsc'), '-b'] },
  {
    name: 'lint',
    command: [bin('oxlint'), '--type-aware', 'engine', 'adapters', 'schemas', 'policies', 'infra', 'test'],
  },
  { name: 'format', command: [bin('prettier'), '--check', '--log-level', 'warn', ...remembering, '.'] },
  { name: 'tidy', files: ['test/*.test.ts', 'test/runner/*.test.ts'] },
  { name: 'contract', files: ['test/contract/**/*.test.ts'], concurrency: 2 },
  { name: 'acceptance', files: ['test/acceptance/*.test.ts'], concurrency: 2 },
  { name: 'kafka', files: ['test/kafka/**/*.test.ts'], concurrency: 2 },
  { name: 'catalogue', files: ['test/catalogue/**/*.test.ts'], concurrency: 2 },
  { name: 'policy', files: ['engine/policy/src/**/*.test.ts', 'policies/**/*.test.ts'], concurrency: 2 },
  { name: 'acceptance http', files: ['test/acceptance/http/*.test.ts'], concurrency: 2 },
  { name: 'acceptance ssh', files: ['test/acceptance/ssh/*.test.ts'], concurrency: 2 },
  // One file, which runs its drivers side by side.
  { name: 'acceptance drivers', files: ['test/acceptance/drivers/*.test.ts'], concurrency: 1 },
  { name: 'demo', files: ['infra/demo/src/**/*.test.ts'], concurrency: 1 },
  { name: 'cli', files: ['engine/cli/src/**/*.test.ts'], concurrency: 2 },
  {
    name: 'telemetry',
    files: ['engine/telemetry/src/**/*.test.ts', 'test/telemetry/**/*.test.ts'],
    concurrency: 1,
  },
  { name: 'console browser', files: ['test/console/*.test.ts'], concurrency: 2 },
  { name: 'conformance (slice)', files: ['test/conformance/**/*.test.ts'], concurrency: 1 },
  { name: 'workers', files: ['test/workers/**/*.test.ts'], concurrency: 2 },
  { name: 'agent', files: ['engine/agent/src/**/*.test.ts', 'test/agent/**/*.test.ts'], concurrency: 2 },
  {
    name: 'image',
    files: ['infra/docker/*.test.ts', 'infra/compose/*.test.ts'],
    // One of them installs and builds.
    concurrency: 1,
  },
  { name: 'exports', files: ['test/exporters/**/*.test.ts'], concurrency: 1 },
  { name: 'journal', files: ['engine/journal/src/**/*.test.ts'], concurrency: 2 },
  { name: 'simulation (slice)', files: ['test/simulation/**/*.test.ts'], concurrency: 1 },
  { name: 'fuzz (slice)', files: ['test/fuzz/**/*.test.ts'], concurrency: 1 },
  { name: 'api', files: ['engine/api/src/**/*.test.ts'], together: true },
  { name: 'postgres', files: ['adapters/postgres/src/**/*.test.ts'], together: true },
  { name: 'http', files: ['adapters/http/src/**/*.test.ts'], together: true },
  { name: 'ssh', files: ['adapters/ssh/src/**/*.test.ts'], together: true },
  {
    name: 'masking',
    files: ['engine/masking/src/**/*.test.ts', 'test/detectors/**/*.test.ts'],
    together: true,
  },
  { name: 'core', files: ['engine/core/src/**/*.test.ts'], together: true },
  { name: 'identity', files: ['engine/identity/src/**/*.test.ts'], together: true },
  { name: 'exporters', files: ['engine/exporters/src/**/*.test.ts'], together: true },
  { name: 'notices', files: ['engine/notices/src/**/*.test.ts'], together: true },
  { name: 'projections', files: ['engine/projections/src/**/*.test.ts'], together: true },
  { name: 'terminal', files: ['engine/terminal/src/**/*.test.ts'], together: true },
  { name: 'console', files: ['engine/console/src/**/*.test.ts'], together: true },
  { name: 'recognisers', files: ['engine/recognisers/src/**/*.test.ts'], concurrency: 1 },
  { name: 'schemas', files: ['schemas/**/*.test.ts'], concurrency: 1 },
  { name: 'faults (slice)', files: ['test/faults/**/*.test.ts'], concurrency: 1, alone: measures },
]

/** What runs it; `null` when it has no test file. */
export function commandOf({
  files,
  command,
  concurrency,
  together,
}: Suite): readonly [string, ...string[]] | null {
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
    `--test-reporter=${new URL('reporter.ts', import.meta.url).href}`,
    ...parallel,
    ...(together === true ? ['--test-isolation=none'] : []),
    ...found.toSorted(),
  ]
}
