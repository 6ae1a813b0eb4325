import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Protocol } from './front.ts'
import { fetchCorpus, MissingError, releases, scheduleOf, type Corpus } from './corpus.ts'

/** What the command line asks for. */
export interface Chosen {
  readonly corpus: Corpus
  /** Without the one that every other test needs. */
  readonly tests: readonly string[]
  readonly whole: boolean
  readonly protocol: Protocol
  /** Where the figures go. */
  readonly json: string | undefined
}

/** The test that makes what all others use. */
export const setUp = 'test_setup'

export const cache: string = fileURLToPath(new URL('../../.sluice/conformance', import.meta.url))

/** Ends the process, with the reason, when it cannot be had. */
export async function chosen(): Promise<Chosen> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      release: { type: 'string', default: releases[0].major },
      json: { type: 'string' },
      extended: { type: 'boolean', default: false },
    },
  })
  const release = releases.find(({ major }) => major === values.release)
  if (release === undefined)
    return leave(
      2,
      `no release ${values.release}: there are ${releases.map(({ major }) => major).join(', ')}`,
    )
  const corpus = await fetchCorpus(release, cache, console.log).catch((error: unknown) => {
    if (error instanceof MissingError) return leave(3, error.message)
    throw error
  })
  const schedule = (await scheduleOf(corpus)).filter((test) => test !== setUp)
  const unknown = positionals.filter((test) => !schedule.includes(test))
  if (unknown.length > 0) return leave(2, `no test ${unknown.join(', ')} in the schedule`)
  const whole = positionals.length === 0
  const protocol = values.extended ? 'extended' : 'simple'
  return { corpus, tests: whole ? schedule : positionals, whole, protocol, json: values.json }
}

function leave(code: number, why: string): never {
  console.error(why)
  process.exit(code)
}
