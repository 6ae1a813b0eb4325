import { RecogniserFailed, type Recognised, type Recogniser } from '@sluice/core'
import { unite, type Found } from '@sluice/masking'
import { Analyzer } from './analyzer.ts'
import { batchesOf, type Batch } from './batches.ts'
import { codePointStarts } from './code-points.ts'

export interface PresidioOptions {
  /** Of the analyzer, without the path of the call: `https://presidio:3000`. */
  readonly url: URL
  /** PEM of the authorities that sign its certificate; `undefined`: those of the machine. */
  readonly authority?: string | undefined
  /** Of the texts, in two letters: `en`. */
  readonly language: string
  /** What to look for, and the name under which policies ask for it: `{ PERSON: 'person' }`. */
  readonly entities: Readonly<Record<string, string>>
  /** From 0 to 1: what the analyzer is less sure of is not told. */
  readonly scoreMin: number
  /** For all the texts that are asked about at once. */
  readonly timeMs: number
}

/** `batchesAtOnce` is of one question; the analyzer as a whole has its own bound. */
export const presidioLimits = { textChars: 100_000, batchesAtOnce: 4 } as const

/**
 * Asks the analyzer of Microsoft Presidio over HTTP, each text once: anything but answers that are understood whole is a
 * failure. So is an entity that the analyzer does not know, which it would pass over in silence.
 */
export function presidio(options: PresidioOptions): Recogniser {
  const { entities, language, scoreMin, timeMs } = options
  const analyzer = new Analyzer(options)
  const question = { language, entities: Object.keys(entities), score_threshold: scoreMin }

  async function answers({ texts }: Batch, signal: AbortSignal): Promise<readonly (readonly Recognised[])[]> {
    // Half a character is one for it as well, but one that it cannot write down.
    const text = texts.map((each) => each.toWellFormed())
    const answer = await analyzer.post('analyze', { ...question, text }, signal)
    if (!Array.isArray(answer) || answer.length !== texts.length)
      throw new RecogniserFailed('the answer has not one list for each text')
    return texts.map((text, at) => unite(foundIn(answer[at], text, entities)))
  }

  async function all(
    texts: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly (readonly Recognised[])[]> {
    const found = texts.map((): readonly Recognised[] => [])
    const batches = batchesOf(texts)
    const ask = async (): Promise<void> => {
      for (const batch of batches) {
        const each = await answers(batch, signal)
        for (const [at, place] of batch.places.entries()) found[place] = each[at] ?? []
      }
    }
    const asked = Array.from({ length: presidioLimits.batchesAtOnce }, ask)
    await Promise.all([knows(analyzer, question, signal), ...asked])
    return found
  }

  return {
    detectors: [...new Set(Object.values(entities))],
    async recognise(texts, signal) {
      if (texts.some(({ length }) => length > presidioLimits.textChars))
        throw new RecogniserFailed(`a text has more than ${presidioLimits.textChars} characters`)
      if (texts.every((text) => text === '')) return texts.map(() => [])
      const late = AbortSignal.timeout(timeMs)
      const over = new AbortController()
      try {
        return await all(texts, AbortSignal.any([signal, late, over.signal]))
      } catch (error) {
        over.abort()
        throw late.aborted ? new RecogniserFailed(`no answer within ${timeMs} ms`) : error
      }
    },
  }
}

/** Asked each time: behind its address there may be another analyzer by now. */
async function knows(
  analyzer: Analyzer,
  { language, entities }: { readonly language: string; readonly entities: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const supported = await analyzer.get(`supportedentities?language=${encodeURIComponent(language)}`, signal)
  const unknown = entities.filter((entity) => !Array.isArray(supported) || !supported.includes(entity))
  if (unknown.length > 0)
    throw new RecogniserFailed(`the analyzer does not look for ${unknown.join(', ')} in "${language}"`)
}

/** It counts in code points, and may find the same place several times. */
function foundIn(answer: unknown, text: string, names: PresidioOptions['entities']): readonly Found[] {
  if (!Array.isArray(answer)) throw new RecogniserFailed('the answer has not one list for each text')
  if (answer.length === 0) return []
  const starts = codePointStarts(text)
  return answer.map((item: unknown) => {
    const { start, end, entity_type: type } = (item ?? {}) as Readonly<Record<string, unknown>>
    const name = typeof type === 'string' && Object.hasOwn(names, type) ? names[type] : undefined
    if (name === undefined) throw new RecogniserFailed('the answer tells of what nobody asked for')
    const [from, to] = [placeOf(start, starts), placeOf(end, starts)]
    if (from >= to) throw new RecogniserFailed('the answer tells of a place that is none')
    return { start: from, end: to, name }
  })
}

function placeOf(index: unknown, starts: Uint32Array): number {
  const place = typeof index === 'number' ? starts[index] : undefined
  if (place === undefined) throw new RecogniserFailed('the answer tells of a place outside the text')
  return place
}
