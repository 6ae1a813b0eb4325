import { negative } from './negatives.ts'
import { random, type Random } from './random.ts'
import { values } from './values.ts'

/** A text, and what is in it. */
export interface Labelled {
  readonly text: string
  /** Of the class, in order; none in a text made of negatives. */
  readonly values: readonly string[]
}

const seed = 20_240
const positives = 400
const negatives = 2000

/** Texts with values of one class among other things, and texts with none of any. The same in each run. */
export function labelled(name: string): readonly Labelled[] {
  const from = random(seed)
  const make = values[name] ?? (() => '')
  const without = (): Labelled => ({ ...around(from, negative(from)), values: [] })
  return [
    ...Array.from({ length: positives }, () => around(from, make(from))),
    ...Array.from({ length: negatives }, without),
  ]
}

/** The value in a log line, a document, a sentence or a statement, beside something that is no value. */
function around(from: Random, value: string): Labelled {
  const other = negative(from)
  const escaped = JSON.stringify(value).slice(1, -1)
  const [text, shown] = from.pick([
    [`2026-11-26T20:38:14.123Z INFO [worker-7] request ${other} done, got ${value} in 12 ms`, value],
    [JSON.stringify({ id: from.below(100_000), note: other, value, tags: ['a', 'b'] }), escaped],
    [JSON.stringify({ before: `x\n${value}`, count: from.below(1000) }), escaped],
    [`Dear colleague, the one you asked for is ${value}. It came with ${other}, as always.`, value],
    [`INSERT INTO things (id, a, b) VALUES (${from.below(1000)}, '${value}', '${other}');`, value],
    [`${from.below(1000)},${value},active,${other}`, value],
    [`| ${other} | ${value} | ok |`, value],
    [`https://api.example.test/v1/things?value=${value}&page=2`, value],
    [value, value],
  ])
  return { text, values: [shown] }
}
