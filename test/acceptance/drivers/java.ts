import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inTurn } from '@sluice/demo'
import { jarsOf } from '@sluice/kafka'
import { installing } from '../../src/program.ts'
import type { Login } from '../../src/wire-client.ts'
import { environmentOf } from '../door.ts'
import { runScript } from '../script.ts'
import type { Transcript } from '../transcript.ts'
import { cacheFolder } from './cache.ts'

const pom = fileURLToPath(new URL('jdbc/pom.xml', import.meta.url))
const source = fileURLToPath(new URL('jdbc/JdbcCases.java', import.meta.url))

/**
 * Fetches the driver once, and Java and Maven where they are missing and this process may. Runs the cases: Java compiles
 * a single source by itself.
 *
 * @throws MissingError
 */
export async function javaCases(step: (what: string) => void): Promise<(door: Login) => Promise<Transcript>> {
  const pins = createHash('sha256')
    .update(await readFile(pom))
    .digest('hex')
    .slice(0, 12)
  const jars = join(cacheFolder, `jdbc-${pins}`)
  await inTurn(installing, () => jarsOf(pom, jars, 'pgjdbc', step))
  const options = ['-XX:TieredStopAtLevel=1', '-Dfile.encoding=UTF-8', '-cp', `${jars}/*`]
  return (door) => runScript('java', [...options, source], environmentOf(door))
}
