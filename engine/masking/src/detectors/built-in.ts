import type { Detector } from '../detector.ts'
import { card } from './card.ts'
import { email } from './email.ts'
import { iban } from './iban.ts'
import { key } from './key.ts'
import { phone } from './phone.ts'
import { privateKey } from './private-key.ts'
import { ssn } from './ssn.ts'

/** What policies can ask for without any configuration. */
export const builtInDetectors: ReadonlyMap<string, Detector> = new Map(
  [card, ssn, email, iban, phone, key, privateKey].map((detector) => [detector.name, detector]),
)
