import { spawn } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Login } from '../src/wire-client.ts'
import type { Corpus } from './corpus.ts'

/** Where the accounts of servers may read the corpus' data and write what it exports. */
export interface Files extends AsyncDisposable {
  readonly folder: string
}

export async function openFiles({ folder: from }: Corpus): Promise<Files> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-conformance-'))
  await chmod(folder, 0o755)
  await cp(join(from, 'data'), join(folder, 'data'), { recursive: true })
  const results = join(folder, 'results')
  await mkdir(results)
  await chmod(results, 0o777)
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

/** The longest takes less than a minute on a quiet machine. */
const testMs = 600_000

/** Runs one test as the regression driver does. What psql prints is of no interest: its connection is watched. */
export async function runTest(corpus: Corpus, test: string, login: Login, files: Files): Promise<void> {
  const options = ['-X', '-q', '-v', 'HIDE_TABLEAM=on', '-v', 'HIDE_TOAST_COMPRESSION=on']
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    PGHOST: login.host,
    PGPORT: String(login.port),
    PGUSER: login.user,
    PGPASSWORD: login.password,
    PGDATABASE: login.database,
    PGSSLMODE: 'disable',
    PGGSSENCMODE: 'disable',
    PGTZ: 'America/Los_Angeles',
    PGDATESTYLE: 'Postgres, MDY',
    PGOPTIONS: '-c intervalstyle=postgres_verbose',
    LC_MESSAGES: 'C',
    PG_ABS_SRCDIR: files.folder,
    PG_ABS_BUILDDIR: files.folder,
    PG_LIBDIR: files.folder,
    PG_DLSUFFIX: '.so',
  }
  const script = join(corpus.folder, 'sql', `${test}.sql`)
  const child = spawn('psql', [...options, '-f', script], { env, stdio: ['ignore', 'ignore', 'ignore'] })
  const late = setTimeout(() => child.kill(), testMs)
  const signal = await new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (_code, ended) => resolve(ended))
  })
  clearTimeout(late)
  if (signal !== null) throw new Error(`${test} was not at its end after ${testMs / 60_000} minutes`)
}
