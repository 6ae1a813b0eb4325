import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Recogniser } from '@sluice/core'
import { presidio } from '@sluice/recognisers'
import type { RecogniserConfig } from './config/recognisers.ts'

/** Nobody is asked yet: one that does not answer lets nothing pass, and is told by `sluice doctor`. */
export function buildRecognisers(
  configs: readonly RecogniserConfig[],
  base: string,
): Promise<readonly Recogniser[]> {
  return Promise.all(
    configs.map(async ({ url, tlsCa, language, entities, scoreMin, timeoutMs }) => {
      const authority = tlsCa === null ? undefined : await readFile(resolve(base, tlsCa), 'utf8')
      return presidio({ url, authority, language, entities, scoreMin, timeMs: timeoutMs })
    }),
  )
}
