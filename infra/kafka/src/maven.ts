import { execFile, spawn } from 'node:child_process'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What is missing, and what a person can do. */
export class MissingError extends Error {
  override readonly name = 'MissingError'
}

const javaMajor = 17
const copyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
const run = promisify(execFile)

/**
 * Fills the folder, unless it is there, with the jars that a pom names: Java and Maven by apt where this process may and
 * they are missing, the jars by Maven. `what` is for the person who waits.
 *
 * @throws MissingError
 */
export async function jarsOf(
  pom: string,
  folder: string,
  what: string,
  step: (what: string) => void,
): Promise<void> {
  if ((await javaVersion()) < javaMajor) await install('java', 'openjdk-17-jre-headless', step)
  if (await exists(join(folder, '.complete'))) return
  if (!(await answers('mvn', '--version'))) await install('mvn', 'maven', step)
  step(`fetching ${what} by Maven`)
  await mkdir(folder, { recursive: true })
  await maven(pom, what, [copyPlugin, '-DincludeScope=runtime', `-DoutputDirectory=${folder}`])
  await writeFile(join(folder, '.complete'), '')
}

async function javaVersion(): Promise<number> {
  try {
    const { stderr } = await run('java', ['-version'])
    return Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0)
  } catch {
    return 0
  }
}

async function install(command: string, name: string, step: (what: string) => void): Promise<void> {
  const advice = `install ${name} (Java ${javaMajor} or newer and Maven are needed)`
  if (process.getuid?.() !== 0) throw new MissingError(`there is no usable ${command}: ${advice}`)
  step(`installing ${name}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  try {
    await run('apt-get', ['-qq', 'update'], { env })
    await run('apt-get', ['-qq', '-y', '--no-install-recommends', 'install', name], { env })
  } catch (error) {
    throw new MissingError(`there is no usable ${command}, and apt could not bring it: ${advice}`, {
      cause: error,
    })
  }
}

async function maven(pom: string, what: string, args: readonly string[]): Promise<void> {
  const child = spawn('mvn', ['-B', '-q', '-f', pom, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code !== 0) throw new MissingError(`Maven could not fetch ${what}: ${said.trim().split('\n')[0] ?? ''}`)
}

function answers(command: string, ...args: readonly string[]): Promise<boolean> {
  return run(command, [...args]).then(
    () => true,
    () => false,
  )
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
