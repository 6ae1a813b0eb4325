import { unite, type Found, type Recogniser } from '@sluice/masking'
import { codePointStarts } from './code-points.ts'

export interface PresidioOptions {
  /** Of the analyzer, without the path of the call: `http://presidio:3000`. */
  readonly url: string
  /** What to look for, and the name under which policies ask for it: `{ PERSON: 'person' }`. */
  readonly entities: Readonly<Record<string, string>>
  /** From 0 to 1: what the analyzer is less sure of is not told. */
  readonly scoreMin: number
  readonly timeMs?: number
}

export const presidioLimits = { timeMs: 2000, textChars: 100_000, answerBytes: 4_194_304 } as const

/** The message has nothing of the text in it. */
export class RecogniserFailed extends Error {
  override readonly name = 'RecogniserFailed'
}

/** Asks the analyzer of Microsoft Presidio over HTTP, once: anything but an answer that is understood whole is a failure. */
export function presidio(options: PresidioOptions): Recogniser {
  const url = new URL('analyze', options.url.endsWith('/') ? options.url : `${options.url}/`)
  const timeMs = options.timeMs ?? presidioLimits.timeMs
  return {
    async recognise(text, language) {
      if (text === '') return []
      if (text.length > presidioLimits.textChars)
        throw new RecogniserFailed(`the text has more than ${presidioLimits.textChars} characters`)
      const { entities, scoreMin } = options
      const question = { text, language, entities: Object.keys(entities), score_threshold: scoreMin }
      return unite(foundIn(await ask(url, JSON.stringify(question), timeMs), text, entities))
    },
  }
}

async function ask(url: URL, body: string, timeMs: number): Promise<unknown> {
  const signal = AbortSignal.timeout(timeMs)
  try {
    const headers = { 'content-type': 'application/json', accept: 'application/json' }
    const response = await fetch(url, { method: 'POST', redirect: 'error', headers, body, signal })
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel()
      throw new RecogniserFailed(`the recogniser answered ${response.status}`)
    }
    return JSON.parse(await bounded(response.body)) as unknown
  } catch (error) {
    if (error instanceof RecogniserFailed) throw error
    // Whatever it was may quote what was sent or answered.
    throw new RecogniserFailed(
      signal.aborted ? `no answer within ${timeMs} ms` : 'no answer that can be read',
    )
  }
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > presidioLimits.answerBytes) throw new RecogniserFailed('the answer is too large')
    chunks.push(chunk)
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
}

/** It counts in code points, and may find the same place several times. */
function foundIn(answer: unknown, text: string, names: PresidioOptions['entities']): readonly Found[] {
  if (!Array.isArray(answer)) throw new RecogniserFailed('the answer is no list')
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
