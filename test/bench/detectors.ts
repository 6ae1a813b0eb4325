import {
  builtInDetectors,
  CellSearch,
  configuredDetector,
  findings,
  lookInto,
  type ElementType,
} from '@sluice/masking'
import { negative } from '../detectors/negatives.ts'
import { random, type Random } from '../detectors/random.ts'
import { values } from '../detectors/values.ts'

/** Prints what each detector takes to read a megabyte of what answers are made of: median of several rounds. */

const chars = 1 << 20
const rounds = 15

const sentences = [
  'The quarterly report is attached and everybody should read it before the meeting on Thursday.',
  'Nothing else was said about it, although several people had asked more than once.',
  'If the delivery is late again, please let the customer know and offer to pay the postage.',
] as const

/** One row in twenty has a value of some class, each something that only looks like one. */
function row(from: Random): string {
  const [first, ...others] = Object.values(values)
  const make = first === undefined || from.below(20) > 0 ? negative : from.pick([first, ...others])
  const note = from.pick(sentences)
  return JSON.stringify({
    id: from.below(1_000_000),
    status: 'shipped',
    total: from.below(9999) / 100,
    note,
    ref: make(from),
  })
}

function prose(from: Random): string {
  return `${from.pick(sentences)} ${from.below(20) === 0 ? negative(from) : ''}`
}

function megabyte(line: (from: Random) => string): string {
  const from = random(7)
  const lines: string[] = []
  for (let length = 0; length < chars; length += (lines.at(-1)?.length ?? 0) + 1) lines.push(line(from))
  return lines.join('\n').slice(0, chars)
}

function medianMs(work: () => unknown): number {
  const times = Array.from({ length: rounds }, () => {
    const started = performance.now()
    work()
    return performance.now() - started
  })
  return times.toSorted((one, other) => one - other)[rounds >> 1] ?? Number.NaN
}

const texts = {
  JSON: megabyte(row),
  prose: megabyte(prose),
  'prose, typeset': megabyte((from) => prose(from).replaceAll(' the ', '\u00a0the ')),
}
const own = configuredDetector('configured', String.raw`\bEMP-\d{5,8}\b`, 12)
const detectors = [...builtInDetectors.values(), own]

console.log(
  `ms for each MB${Object.keys(texts)
    .map((name) => name.padStart(16))
    .join('')}`,
)
const line = (name: string, work: (text: string) => unknown): void => {
  const times = Object.values(texts).map((text) => medianMs(() => work(text)))
  console.log(`${name.padEnd(14)}${times.map((ms) => ms.toFixed(1).padStart(16)).join('')}`)
}
for (const detector of detectors) line(detector.name, (text) => detector.find(text))
line('all', (text) => findings(text, detectors))

/** Values of columns, as many at a time as a socket hands over. */
const batchBytes = 65_536
const rules = detectors.map(
  (detector) => ({ detector, request: { method: 'redact' }, rule: 'bench' }) as const,
)
const search = new CellSearch(rules, undefined)

function batches(value: (from: Random) => string): readonly (readonly Buffer[])[] {
  const from = random(7)
  const made: Buffer[][] = []
  for (let bytes = 0; bytes < chars;) {
    const batch: Buffer[] = []
    for (let size = 0; size < batchBytes; size += batch.at(-1)?.length ?? 0)
      batch.push(Buffer.from(value(from)))
    bytes += batch.reduce((sum, { length }) => sum + length, 0)
    made.push(batch)
  }
  return made
}

const cells: readonly (readonly [ElementType, string, (from: Random) => string])[] = [
  ['text', 'sentences', prose],
  ['text', 'names of 12 characters', (from) => `customer ${String(from.below(1000)).padStart(3, '0')}`],
  ['int8', 'numbers of 8 digits', (from) => String(10_000_000 + from.below(89_999_999))],
  ['jsonb', 'documents', row],
]
console.log('\nms for each MB of values in columns, all detectors')
for (const [element, what, value] of cells) {
  const look = lookInto({ element, array: false }, 'text')
  const made = batches(value)
  const ms = medianMs(() => {
    for (const values of made) {
      const batch = search.batch()
      if (look !== null) for (const each of values) batch.add(each, look)
      batch.settle()
    }
  })
  console.log(`${`${element}, ${what}`.padEnd(30)}${ms.toFixed(1).padStart(10)}`)
}
