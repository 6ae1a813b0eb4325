import type { DetectorPattern } from '@sluice/core'
import type { Detector } from '../detector.ts'
import { builtInDetectors } from './built-in.ts'
import { configuredDetector } from './configured.ts'

/** By name, what policies can ask for here: those that are built in and the company's own. Throws `BadPattern`. */
export function knownDetectors(patterns: readonly DetectorPattern[]): ReadonlyMap<string, Detector> {
  const configured = patterns.map(
    ({ name, pattern, charsMax }) => [name, configuredDetector(name, pattern, charsMax)] as const,
  )
  return new Map([...builtInDetectors, ...configured])
}
