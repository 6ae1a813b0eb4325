import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

/** What a file that the configuration names holds; `undefined`: it names none. `base`: of relative files. */
export async function pemOf(file: string | null, base: string): Promise<string | undefined> {
  return file === null ? undefined : readFile(resolve(base, file), 'utf8')
}
