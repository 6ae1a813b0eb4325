import type { DetectorPattern } from '@sluice/core'
import { BadPattern, builtInDetectors, configuredDetector } from '@sluice/masking'
import type { Located } from './document.ts'
import { ConfigError, type Problem } from './problem.ts'

/** As the file says it. */
export type RawDetectors = readonly {
  readonly name: string
  readonly pattern: string
  readonly chars_max: number
}[]

/** A pattern that cannot be used would hide nothing, and so is found here. Throws `ConfigError`. */
export function detectorsOf(document: Located, raw: RawDetectors = []): readonly DetectorPattern[] {
  const found: Problem[] = []
  const names = new Set(builtInDetectors.keys())
  const patterns = raw.map(({ name, pattern, chars_max: charsMax }, index) => {
    const at = ['masking', 'detectors', index]
    if (names.has(name)) found.push(document.problem([...at, 'name'], `a second detector named ${name}`))
    names.add(name)
    try {
      configuredDetector(name, pattern, charsMax)
    } catch (error) {
      if (!(error instanceof BadPattern)) throw error
      found.push(document.problem([...at, 'pattern'], error.message))
    }
    return { name, pattern, charsMax }
  })
  if (found.length > 0) throw new ConfigError(found)
  return patterns
}
