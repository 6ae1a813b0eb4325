import { readFileSync } from 'node:fs'

/** Of this software, as its package says; the package lies beside its sources and its build alike. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string
  }
).version
