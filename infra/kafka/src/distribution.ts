import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jarsOf, MissingError } from './maven.ts'

/** Apache Kafka as it comes from Maven's repository, and the Java to run it. */
export interface Distribution {
  /** Folder of its jars. */
  readonly jars: string
}

export const kafkaVersion = '4.4.0'
const pom = fileURLToPath(new URL('../pom.xml', import.meta.url))

/**
 * Fetches once what is not there yet.
 *
 * @throws MissingError
 */
export async function distribution(cache: string, step: (what: string) => void): Promise<Distribution> {
  const jars = join(cache, `kafka-${kafkaVersion}`)
  await jarsOf(pom, jars, `Apache Kafka ${kafkaVersion}, about 43 MB,`, step)
  if (!(await readdir(jars)).some((name) => name.startsWith('kafka_2.13-')))
    throw new MissingError(`Maven fetched no Kafka into ${jars}`)
  return { jars }
}
