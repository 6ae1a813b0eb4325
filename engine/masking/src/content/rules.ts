import type { MaskCount } from '@sluice/core'
import type { Detector } from '../detector.ts'
import type { MaskRequest } from '../replacer.ts'

/** Every value at a path is masked, and all that is in it. */
export interface PathRule {
  /** E.g. `$.customers[*].ssn`, `$..card`, `$['a b'][0]`. */
  readonly path: string
  readonly request: MaskRequest
  readonly rule: string
}

/** What a detector finds is masked, wherever it stands. */
export interface DetectorRule {
  readonly detector: Detector
  readonly request: MaskRequest
  readonly rule: string
}

/**
 * Each once: the statements of one message ask for the same, and what is asked twice would be looked for twice. Of rules
 * that are alike the first is kept.
 */
export function distinctRules(rules: readonly DetectorRule[]): readonly DetectorRule[] {
  const known = new Map<Detector, Set<string>>()
  return rules.filter(({ detector, request: { method, value, to, domain } }) => {
    const asked = JSON.stringify([method, value, to, domain])
    const before = known.get(detector) ?? new Set<string>()
    known.set(detector, before)
    const isNew = !before.has(asked)
    before.add(asked)
    return isNew
  })
}

export interface ContentRules {
  readonly paths: readonly PathRule[]
  readonly detectors: readonly DetectorRule[]
}

/** What may leave, and what was masked in it: `column` is the path or the name of the detector. */
export interface MaskedPiece {
  readonly bytes: Buffer
  readonly masked: readonly MaskCount[]
}

/** A rule that can never be kept. The message is for the author of the policy. */
export class InvalidMask extends Error {
  constructor(rule: string, why: string) {
    super(`${rule}: ${why}`)
    this.name = 'InvalidMask'
  }
}
