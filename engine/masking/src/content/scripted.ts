import { createHmac } from 'node:crypto'
import type { MaskCount } from '@sluice/core'
import type { Pseudonyms } from '@sluice/core/verdict'
import type { Detector } from '../detector.ts'
import type { MaskRequest } from '../replacer.ts'
import { contentMasker } from './content-masker.ts'
import type { ContentRules } from './rules.ts'

/** Detectors, rules and bodies for tests. */

function detector(name: string, charsMax: number, pattern: RegExp): Detector {
  return {
    name,
    charsMax,
    find: (text) =>
      Array.from(text.matchAll(pattern), ({ index, 0: found }) => ({
        start: index,
        end: index + found.length,
      })),
  }
}

export const ssn: Detector = {
  ...detector('ssn', 11, /(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)/g),
  separable: 'exactly',
}
export const card: Detector = detector('card', 16, /(?<!\d)\d{16}(?!\d)/g)
/** Says where its value may have begun, so that other text need not wait. */
export const key: Detector = {
  ...detector('key', 40, /\bsk-[a-z0-9]{8,37}/g),
  unfinished: (text) => text.length - (/(?:^|\b)(?:s|sk|sk-[a-z0-9]{0,37})$/.exec(text)?.[0].length ?? 0),
}

export const pseudonyms: Pseudonyms = {
  key: 'k1',
  digest: (purpose, value) => createHmac('sha256', 'a key').update(`${purpose}\0${value}`).digest(),
}

export function rules(
  paths: Readonly<Record<string, MaskRequest>>,
  detectors: readonly Detector[] = [],
  request: MaskRequest = { method: 'redact' },
): ContentRules {
  return {
    paths: Object.entries(paths).map(([path, request]) => ({ path, request, rule: 'rules/path' })),
    detectors: detectors.map((detector) => ({ detector, request, rule: 'rules/detector' })),
  }
}

export interface Masked {
  readonly text: string
  readonly masked: readonly MaskCount[]
}

/** A whole body, in pieces that begin at the given bytes. */
export function masked(
  type: string | null,
  by: ContentRules,
  body: string | Buffer,
  cuts: readonly number[] = [],
): Masked {
  const bytes = Buffer.from(body)
  const masker = contentMasker(type, by, pseudonyms)
  const places = [0, ...cuts.toSorted((one, other) => one - other), bytes.length]
  const pieces = places.slice(1).map((end, at) => masker.push(bytes.subarray(places[at], end)))
  const all = [...pieces, masker.end()]
  const counts = new Map<string, MaskCount>()
  for (const { column, method, values } of all.flatMap((piece) => piece.masked))
    counts.set(`${column} ${method}`, {
      column,
      method,
      values: values + (counts.get(`${column} ${method}`)?.values ?? 0),
    })
  return {
    text: Buffer.concat(all.map((piece) => piece.bytes)).toString(),
    masked: [...counts.keys()].sort().flatMap((name) => counts.get(name) ?? []),
  }
}

/** Every way to cut a body once, and byte by byte. */
export function everyCut(body: string): readonly (readonly number[])[] {
  const places = Array.from({ length: Buffer.byteLength(body) }, (_, at) => at)
  return [...places.map((at) => [at]), places]
}
