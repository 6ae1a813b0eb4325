import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** PostgreSQL's own regression tests of one release, as they come with its sources. */
export interface Corpus {
  readonly release: Release
  /** The release's src/test/regress: `sql`, `data`, `parallel_schedule`. */
  readonly folder: string
}

/** What is fetched, and nothing else is taken for it. */
export interface Release {
  readonly major: string
  readonly version: string
  /** Suite of Debian whose signed index names the sources. */
  readonly suite: string
  /** Of the file with the untouched sources. */
  readonly sha256: string
}

/** The first is the one that is run when nothing else is asked for: a suite that no longer changes keeps it. */
export const releases: readonly [Release, ...Release[]] = [
  {
    major: '15',
    version: '15.18',
    suite: 'bookworm',
    sha256: '11df0df97fe3ea4ba9a791faaf39cee1d2fe571e78885b5b55d8517d27c323b4',
  },
  {
    major: '18',
    version: '18.6',
    suite: 'forky',
    sha256: '555610c24d53e4316da5b7d3fc25c279d96856d5e0e23ee308c328c5fa881d9f',
  },
]

/** Why the corpus cannot be had here, and what a person can do. */
export class MissingError extends Error {
  override readonly name = 'MissingError'
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
const run = promisify(execFile)

/**
 * Fetches it once, from the Debian mirror that this machine's apt uses and with folders of its own, so that it needs no
 * rights and changes nothing of the system. `cache` must not be under version control.
 *
 * @throws MissingError
 */
export async function fetchCorpus(
  release: Release,
  cache: string,
  step: (what: string) => void,
): Promise<Corpus> {
  const folder = join(cache, `postgresql-${release.version}`)
  if (await exists(folder)) return { release, folder }
  await mkdir(cache, { recursive: true })
  const draft = await mkdtemp(join(cache, 'fetching-'))
  try {
    step(`fetching the sources of PostgreSQL ${release.version} by apt, about 23 MB`)
    const archive = await download(release, draft)
    await verify(archive, release)
    await unpack(archive, draft)
    await rename(join(draft, 'regress'), folder)
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
  return { release, folder }
}

async function download({ major, version, suite }: Release, draft: string): Promise<string> {
  const mirror = await debianMirror()
  const apt = await aptFolders(draft, `deb-src [signed-by=${keyring}] ${mirror} ${suite} main`)
  const source = `postgresql-${major}`
  try {
    await run('apt-get', [...apt, '--quiet', 'update'], { cwd: draft })
    await run('apt-get', [...apt, '--quiet', '--download-only', '--only-source', 'source', source], {
      cwd: draft,
    })
  } catch (error) {
    throw new MissingError(`apt could not fetch the sources of ${source}: ${lastLine(error)}`, {
      cause: error,
    })
  }
  const archives = (await readdir(draft)).filter((name) => name.includes('.orig.tar.'))
  const wanted = archives.find((name) => name.startsWith(`${source}_${version}.orig.tar.`))
  if (wanted === undefined)
    throw new MissingError(
      `Debian's ${suite} has ${archives.join(', ') || 'no sources'} instead of PostgreSQL ${version}: ` +
        'look at what is new there, then set version and sha256 in test/conformance/corpus.ts',
    )
  return join(draft, wanted)
}

/** Of the packages that this machine installs. */
async function debianMirror(): Promise<string> {
  const advice = 'the regression tests come from Debian’s archive: run this on Debian'
  if (!(await exists(keyring)))
    throw new MissingError(`there is no ${keyring} to check a download with: ${advice}`)
  const format = ['--format', '$(REPO_URI) $(COMPONENT)', 'Identifier: Packages']
  const { stdout } = await run('apt-get', ['indextargets', ...format]).catch((error: unknown) => {
    throw new MissingError(`apt does not say where its packages come from: ${advice}`, { cause: error })
  })
  const mirror = stdout
    .split('\n')
    .map((line) => line.split(' '))
    .find(([uri = '', component]) => component === 'main' && /\/debian\/?$/.test(uri))?.[0]
  if (mirror === undefined) throw new MissingError(`apt knows no mirror of Debian: ${advice}`)
  return mirror
}

/** Options with which apt keeps to a folder and to this one source. */
async function aptFolders(draft: string, source: string): Promise<readonly string[]> {
  const folders = ['state', 'cache', 'empty'].map((name) => join(draft, name))
  await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })))
  const [state, cache, empty] = folders
  const list = join(draft, 'sources.list')
  await writeFile(list, `${source}\n`)
  const options = {
    'Dir::State': state,
    'Dir::Cache': cache,
    'Dir::Etc::SourceList': list,
    'Dir::Etc::SourceParts': empty,
    // Else root's apt gives the folder to an account that may not enter it, and says so.
    'APT::Sandbox::User': '',
  }
  return Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

async function verify(archive: string, { version, sha256 }: Release): Promise<void> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(archive)) hash.update(chunk as Buffer)
  const found = hash.digest('hex')
  if (found !== sha256)
    throw new MissingError(
      `the sources of PostgreSQL ${version} have SHA-256 ${found} and not the ${sha256} that was looked at`,
    )
}

async function unpack(archive: string, draft: string): Promise<void> {
  const members = ['--strip-components=3', '--wildcards', '*/src/test/regress/*']
  await run('tar', ['-xf', archive, '-C', draft, ...members]).catch((error: unknown) => {
    throw new MissingError(`tar cannot unpack ${archive} (it needs bzip2): ${lastLine(error)}`, {
      cause: error,
    })
  })
}

/** The tests in the order of the schedule. What it runs at once is run one after another here. */
export async function scheduleOf({ folder }: Corpus): Promise<readonly string[]> {
  const schedule = await readFile(join(folder, 'parallel_schedule'), 'utf8')
  return schedule
    .split('\n')
    .filter((line) => line.startsWith('test:'))
    .flatMap((line) => line.slice('test:'.length).trim().split(/\s+/))
}

function lastLine(error: unknown): string {
  const said = error instanceof Error ? ('stderr' in error ? String(error.stderr) : error.message) : ''
  return said.trim().split('\n').at(-1) ?? ''
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
