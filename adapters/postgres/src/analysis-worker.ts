import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { AnalysisThreadData, Asked, Said } from './analysis-thread.ts'
import type { CatalogueRelation, Installed, KnownNames } from './catalogue.ts'
import { meaningOf } from './meaning.ts'
import { refusedText } from './redact/message.ts'

const { answers, answered } = workerData as AnalysisThreadData

/** Says what each text means, and what the log holds of it should it be refused. */
parentPort?.on('message', ({ text, names }: Asked) => {
  const analysis = meaningOf(text, names, namesBeside())
  say({ kind: 'means', analysis: { ...analysis, refused: refusedText(text, analysis.secrets) } })
})
say({ kind: 'ready' })

function say(what: Said): void {
  parentPort?.postMessage(what)
}

/** The picture that lies with the other thread: a copy of all of it would take longer than the few names that are asked for. */
function namesBeside(): KnownNames {
  return {
    relations: new Beside<string, CatalogueRelation>('relations'),
    byOid: new Beside<number, CatalogueRelation>('byOid'),
    functions: new Beside<string, readonly Installed[]>('functions'),
    operators: new Beside<string, readonly Installed[]>('operators'),
    types: new Beside<string, readonly Installed[]>('types'),
    fields: new Beside<string, true>('fields'),
  }
}

/** An analysis is one synchronous walk, so that it stands still until it has its answer; the other thread does not. */
class Beside<Key extends string | number, Value> {
  readonly #part: keyof KnownNames
  readonly #known = new Map<Key, Value | undefined>()

  constructor(part: keyof KnownNames) {
    this.#part = part
  }

  get(key: Key): Value | undefined {
    if (!this.#known.has(key)) this.#known.set(key, ask(this.#part, key) as Value | undefined)
    return this.#known.get(key)
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined
  }
}

function ask(part: keyof KnownNames, key: string | number): unknown {
  const before = Atomics.load(answered, 0)
  say({ kind: 'asks', part, key })
  Atomics.wait(answered, 0, before)
  const answer = receiveMessageOnPort(answers)
  if (answer === undefined) throw new Error('woken without an answer')
  return answer.message
}
