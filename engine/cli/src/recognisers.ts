import type { Recogniser } from '@sluice/core'
import { presidio } from '@sluice/recognisers'
import type { RecogniserConfig } from './config/recognisers.ts'
import { pemOf } from './pem.ts'

/** Nobody is asked yet: one that does not answer lets nothing pass, and is told by `sluice doctor`. */
export function buildRecognisers(
  configs: readonly RecogniserConfig[],
  base: string,
): Promise<readonly Recogniser[]> {
  return Promise.all(
    configs.map(async ({ url, tlsCa, language, entities, scoreMin, timeoutMs }) => {
      const authority = await pemOf(tlsCa, base)
      return presidio({ url, authority, language, entities, scoreMin, timeMs: timeoutMs })
    }),
  )
}
