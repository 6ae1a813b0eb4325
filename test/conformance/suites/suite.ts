import { spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Login } from '../../src/index.ts'
import { environmentOf } from '../../acceptance/door.ts'
import { checkout, nodeEnvironment, psycopg2Sources, pythonOfSuites } from './source.ts'
import { readVerdicts, type Verdicts } from './verdict.ts'

/** The tests that the authors of a driver wrote for it. */
export interface Suite {
  readonly name: string
  /** Makes it ready, once. Throws `MissingError` where it cannot be had on this machine. */
  readonly ready: () => Promise<Run>
}

/** Runs all of it against a server, or only tests whose name matches. */
export type Run = (door: Login, only?: string) => Promise<Verdicts>

const here = import.meta.dirname
const testSeconds = 60
const suiteMs = 20 * 60_000

export const suites: readonly Suite[] = [
  { name: 'psycopg2', ready: () => psycopg2() },
  { name: 'psycopg', ready: () => psycopg() },
  { name: 'pg', ready: () => nodePostgres() },
  { name: 'pg-pool', ready: () => mocha('pg-pool') },
  { name: 'pg-cursor', ready: () => mocha('pg-cursor') },
  { name: 'pg-query-stream', ready: () => mocha('pg-query-stream') },
]

async function psycopg2(): Promise<Run> {
  const python = await pythonOfSuites()
  const folder = await psycopg2Sources(python)
  return (door, only) =>
    pytest(python, folder, only, {
      ...environmentOf(door),
      PSYCOPG2_TESTDB: door.database,
      PSYCOPG2_TESTDB_HOST: door.host,
      PSYCOPG2_TESTDB_PORT: String(door.port),
      PSYCOPG2_TESTDB_USER: door.user,
      PSYCOPG2_TESTDB_PASSWORD: door.password,
    })
}

async function psycopg(): Promise<Run> {
  const folder = await checkout('SLUICE_PSYCOPG', 'psycopg', 'tests/conftest.py')
  const python = await pythonOfSuites()
  return (door, only) => {
    const { host, port, user, password, database } = door
    const dsn = `host=${host} port=${port} user=${user} password=${password} dbname=${database}`
    return pytest(python, folder, only, { ...environmentOf(door), PSYCOPG_TEST_DSN: dsn })
  }
}

/** Without what its authors mark as slow, or as depending on how fast the machine is. */
const quick = 'not slow and not timing'

/** The driver is that of the environment; of the sources only the tests are found. */
async function pytest(
  python: string,
  sources: string,
  only: string | undefined,
  env: Readonly<Record<string, string>>,
): Promise<Verdicts> {
  await using folder = await temporary()
  await cp(join(sources, 'tests'), join(folder.path, 'tests'), { recursive: true })
  const options = ['-q', '-m', quick, '-p', 'verdicts', '--timeout', String(testSeconds)]
  const chosen = only === undefined ? [] : ['-k', only]
  return await tell(folder.path, python, ['-m', 'pytest', ...options, ...chosen, 'tests'], {
    ...env,
    PYTHONPATH: join(here, 'python'),
    PYTHONDONTWRITEBYTECODE: '1',
  })
}

/** A test of pg-query-stream that needs a package which its registry no longer has. */
const unreachable = 'pauses.js'

async function mocha(driver: string): Promise<Run> {
  const environment = await nodeEnvironment()
  return async (door, only) => {
    await using folder = await temporary()
    const modules = join(environment, 'node_modules')
    const chosen = only === undefined ? [] : ['--grep', only]
    const options = ['--reporter', join(here, 'node/verdicts.cjs'), '--exit', '--timeout', '15000']
    const tests = (await readdir(join(modules, driver, 'test')))
      .filter((name) => name.endsWith('.js') && name !== unreachable)
      .map((name) => join(modules, driver, 'test', name))
    return await tell(
      folder.path,
      process.execPath,
      ['--no-deprecation', join(modules, 'mocha/bin/mocha.js'), ...options, ...chosen, ...tests],
      nodeEnvironmentOf(door),
    )
  }
}

/** To node-postgres `prefer` is `require`. */
function nodeEnvironmentOf(door: Login): Readonly<Record<string, string>> {
  return { ...environmentOf(door), PGSSLMODE: 'disable' }
}

/** Its tests find the driver beside them, and what both use above. */
async function nodePostgres(): Promise<Run> {
  const from = await checkout('SLUICE_NODE_POSTGRES', 'pg', 'packages/pg/test/suite.js')
  const driver = join(await nodeEnvironment(), 'packages', 'pg')
  await rm(driver, { recursive: true, force: true })
  for (const part of ['lib', 'test', 'package.json'])
    await cp(join(from, 'packages/pg', part), join(driver, part), { recursive: true })
  const tests = join(driver, 'test')
  const files = (await readdir(join(tests, 'integration'), { recursive: true }))
    .filter((name) => name.endsWith('-tests.js'))
    .toSorted()
  return async (door, only = '') => {
    const found = new Map<string, { outcome: 'passed' | 'failed'; why: string }>()
    const told: [string, Verdicts][] = []
    for (const file of files.filter((name) => name.includes(only))) {
      await using folder = await temporary()
      const env = { ...nodeEnvironmentOf(door), TESTS: tests, FILE: file }
      const preload = ['--require', join(here, 'node/going-on.cjs')]
      const args = [...preload, join(tests, 'integration', file)]
      const { code, said } = await run(folder.path, process.execPath, args, env, testSeconds * 1_000)
      const passed = code === 0
      found.set(file, { outcome: passed ? 'passed' : 'failed', why: passed ? '' : reasonIn(said) })
      told.push([file, await readVerdicts(join(folder.path, 'verdicts'))])
    }
    return new Map([...found, ...told.flatMap(([, verdicts]) => [...verdicts])])
  }
}

/** What a file says as it ends at an error; else the last that it says. */
function reasonIn(said: string): string {
  return /^(?:Message|error|Error): .*/m.exec(said)?.[0] ?? said.slice(-500)
}

async function tell(
  folder: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Verdicts> {
  const { said } = await run(folder, program, args, env, suiteMs)
  const verdicts = await readVerdicts(join(folder, 'verdicts'))
  if (verdicts.size === 0) throw new Error(`${program} ran no test: ${said.slice(-2_000)}`)
  return verdicts
}

/** What it exits with, and the end of what it said; a program that is late is stopped. */
async function run(
  folder: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  ms: number,
): Promise<{ readonly code: number | null; readonly said: string }> {
  const verdicts = join(folder, 'verdicts')
  await writeFile(verdicts, '')
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...env, VERDICTS: verdicts },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: ms,
    killSignal: 'SIGKILL',
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-8_000)))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, said }
}

async function temporary(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'sluice-suite-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
