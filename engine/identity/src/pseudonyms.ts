import { createHmac } from 'node:crypto'
import type { Pseudonyms } from '@sluice/core'
import { maskingKey } from './keys.ts'
import type { SecretReference } from './secrets/reference.ts'
import type { SecretSource } from './secrets/source.ts'

/** The key of `masking.keys` that is in use: its name, which is recorded, and where it is. */
export interface MaskingKeyReference {
  readonly id: string
  readonly secret: SecretReference
}

/** Name of the key that an installation without a configured one makes for itself. */
const generatedId = 'local'

/** Keyed digests of values. `null`: with a key that is generated once, in `folder`. Throws `SecretError`. */
export async function openPseudonyms(
  reference: MaskingKeyReference | null,
  folder: string,
  source: SecretSource,
): Promise<Pseudonyms> {
  const key = await maskingKey(reference?.secret ?? null, folder, source)
  return {
    key: reference?.id ?? generatedId,
    digest: (purpose, value) => createHmac('sha256', key).update(`${purpose}\0`).update(value).digest(),
  }
}
