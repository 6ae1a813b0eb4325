import { execFile, spawn } from 'node:child_process'
import { access, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Apache Kafka as it comes from Maven's repository, and the Java to run it. */
export interface Distribution {
  /** Folder of its jars. */
  readonly jars: string
}

/** What is missing, and what a person can do. */
export class MissingError extends Error {
  override readonly name = 'MissingError'
}

export const kafkaVersion = '4.4.0'
const javaMajor = 17
const copyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
const pom = fileURLToPath(new URL('../pom.xml', import.meta.url))
const run = promisify(execFile)

/**
 * Fetches once what is not there yet: Java and Maven by apt where this process may, the jars by Maven.
 *
 * @throws MissingError
 */
export async function distribution(cache: string, step: (what: string) => void): Promise<Distribution> {
  if ((await javaVersion()) < javaMajor) await install('java', 'openjdk-17-jre-headless', step)
  const jars = join(cache, `kafka-${kafkaVersion}`)
  if (await exists(join(jars, '.complete'))) return { jars }
  if (!(await answers('mvn', '--version'))) await install('mvn', 'maven', step)
  step(`fetching Apache Kafka ${kafkaVersion} by Maven, about 43 MB`)
  await mkdir(jars, { recursive: true })
  await maven([copyPlugin, '-DincludeScope=runtime', `-DoutputDirectory=${jars}`])
  if (!(await readdir(jars)).some((name) => name.startsWith('kafka_2.13-')))
    throw new MissingError(`Maven fetched no Kafka into ${jars}`)
  await writeFile(join(jars, '.complete'), '')
  return { jars }
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
  const advice = `install ${name} (Java ${javaMajor} or newer and Maven are needed to run Kafka)`
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

async function maven(args: readonly string[]): Promise<void> {
  const child = spawn('mvn', ['-B', '-q', '-f', pom, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code !== 0) throw new MissingError(`Maven could not fetch Kafka: ${said.trim().split('\n')[0] ?? ''}`)
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
