import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Recognised, Recogniser } from '@sluice/core'
import { Undecodable } from '../data-type.ts'
import type { MaskRequest } from '../replacer.ts'
import { Recognition, type Hiding } from './recognition.ts'
import { everyCut, masked, rules, ssn, type Masked } from './scripted.ts'

const never = new AbortController().signal
const redact: MaskRequest = { method: 'redact' }

/** Finds each place of the words, of which it is told for which detectors they are. */
class Scripted implements Recogniser {
  readonly detectors = ['person', 'place']
  readonly asked: (readonly string[])[] = []
  readonly #words: Readonly<Record<string, readonly string[]>>

  constructor(
    words: Readonly<Record<string, readonly string[]>> = { 'Ann Lee': ['person'], Bob: ['person'] },
  ) {
    this.#words = words
  }

  async recognise(texts: readonly string[]): Promise<readonly (readonly Recognised[])[]> {
    this.asked.push(texts)
    return texts.map((text) =>
      Object.entries(this.#words)
        .flatMap(([word, detectors]) =>
          Array.from(text.matchAll(new RegExp(word, 'g')), ({ index }) => ({
            start: index,
            end: index + word.length,
            detectors,
          })),
        )
        .toSorted((one, other) => one.start - other.start),
    )
  }
}

function hiding(recogniser: Recogniser, change: Partial<Hiding> = {}, request = redact): Hiding {
  return {
    content: rules({}),
    recognised: [{ recogniser, detector: 'person', request, rule: 'rules/people' }],
    ...change,
  }
}

async function recognised(
  type: string,
  by: Hiding,
  body: string,
  cuts: readonly number[] = [],
): Promise<Masked> {
  const recognition = new Recognition(by)
  masked(type, recognition.noting, body, cuts)
  return masked(type, await recognition.found(never), body, cuts)
}

const json = 'application/json'
const events = 'text/event-stream'

const bodies: readonly (readonly [type: string, body: string, shown: string, asked: readonly string[]])[] = [
  [json, '{"to": "Ann Lee", "n": 1.0}', '{"to": "[masked]", "n": 1.0}', ['to', 'Ann Lee', 'n']],
  [json, '{"a":"\\u0041nn Lee \\ud83d\\ude00"}', '{"a":"[masked] \\ud83d\\ude00"}', ['a', 'Ann Lee 😀']],
  [json, '{"Bob":[12345,""]}', '{"[masked]":[12345,""]}', ['Bob']],
  [
    json,
    JSON.stringify({ arguments: '{"who":"Bob of X"}' }),
    JSON.stringify({ arguments: '{"who":"[masked] of X"}' }),
    ['arguments', 'who', 'Bob of X'],
  ],
  [
    'application/x-ndjson',
    '{"a":"Bob"}\n{"a":"Bob"}\n',
    '{"a":"[masked]"}\n{"a":"[masked]"}\n',
    ['a', 'Bob'],
  ],
  [
    'application/x-www-form-urlencoded',
    'who=Ann+Lee&x=%C3%A9',
    'who=%5Bmasked%5D&x=%C3%A9',
    ['who', 'Ann Lee', 'x', 'é'],
  ],
  ['text/plain', 'Hello Ann Lee, and Bob.', 'Hello [masked], and [masked].', ['Hello Ann Lee, and Bob.']],
  [
    events,
    'event: Bob\ndata: about Bob\n\n',
    'event: [masked]\ndata: about [masked]\n\n',
    ['Bob', 'about Bob', 'event: Bob'],
  ],
]

suite('what a recogniser finds', () => {
  for (const [type, body, shown, asked] of bodies)
    test(`is hidden in ${type} ${body.slice(0, 24)} …, wherever it is cut`, async () => {
      for (const cuts of [[], ...everyCut(body)]) {
        const recogniser = new Scripted()
        const { text } = await recognised(type, hiding(recogniser), body, cuts)
        assert.equal(text, shown)
        assert.deepEqual(
          recogniser.asked.map((texts) => texts.toSorted()),
          [asked.toSorted()],
        )
      }
    })

  test('is looked for in the whole of a text that a model tells in pieces', async () => {
    const chunk = (content: string, finish: string | null = null): string =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`
    const body = [
      chunk('I met An'),
      chunk('n L'),
      chunk('ee today'),
      chunk('', 'stop'),
      'data: [DONE]\n\n',
    ].join('')
    const recogniser = new Scripted()
    const { text } = await recognised(events, hiding(recogniser), body)
    assert.ok(recogniser.asked[0]?.includes('I met Ann Lee today'))
    assert.doesNotMatch(text, /An|Lee/)
    const told = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, piece = '']) => piece).join('')
    assert.match(told, /^I met \[masked\] today$/)
  })

  test('is looked for in each argument of a tool that comes in pieces', async () => {
    const piece = (partial_json: string): string =>
      `data: ${JSON.stringify({ type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json } })}\n\n`
    const body = [piece('{"who":"An'), piece('n Lee"}'), 'data: {"type":"content_block_stop","index":0}\n\n']
    const recogniser = new Scripted()
    const { text } = await recognised(events, hiding(recogniser), body.join(''))
    assert.ok(recogniser.asked[0]?.includes('Ann Lee'))
    assert.doesNotMatch(text, /An|Lee/)
  })

  test('is asked about once, however often it stands there', async () => {
    const recogniser = new Scripted()
    await recognised(json, hiding(recogniser), '["Bob","Bob",["Bob"],{"Bob":"Bob"}]')
    assert.deepEqual(recogniser.asked, [['Bob']])
  })

  test('and what has a look are hidden both, and where they overlap by the stricter mask', async () => {
    const recogniser = new Scripted({ 'Lee 078-05': ['person'], Rome: ['place'] })
    const last4: MaskRequest = { method: 'last4' }
    const by = hiding(recogniser, { content: rules({}, [ssn], last4) }, redact)
    const { text, masked: counts } = await recognised(
      'text/plain',
      by,
      'Ann Lee 078-05-1120 and 078-05-1121, Rome',
    )
    assert.doesNotMatch(text, /Lee|1120|078/)
    assert.match(text, /1121, Rome$/)
    assert.equal(
      counts.reduce((sum, { values }) => sum + values, 0),
      2,
    )
  })

  test('is not asked about where a path hides all of it', async () => {
    const recogniser = new Scripted()
    const by = hiding(recogniser, { content: rules({ '$.secret': redact }) })
    const { text } = await recognised(json, by, '{"secret":{"a":"Bob"},"b":"Bob"}')
    assert.doesNotMatch(text, /Bob/)
    assert.deepEqual(recogniser.asked, [['secret', 'a', 'b', 'Bob']])
  })

  test('by several recognisers is hidden under the rules of each', async () => {
    const [one, two] = [new Scripted({ Bob: ['person'] }), new Scripted({ Rome: ['place'] })]
    const by: Hiding = {
      content: rules({}),
      recognised: [
        { recogniser: one, detector: 'person', request: redact, rule: 'a' },
        { recogniser: two, detector: 'place', request: { method: 'constant', value: 'a town' }, rule: 'b' },
      ],
    }
    const { text } = await recognised('text/plain', by, 'Bob in Rome')
    assert.match(text, /^\[masked\] in a town$/)
  })
})

suite('a text that no recogniser was asked about', () => {
  test('does not pass', async () => {
    const recognition = new Recognition(hiding(new Scripted()))
    masked(json, recognition.noting, '["a"]')
    const found = await recognition.found(never)
    assert.throws(() => masked(json, found, '["b"]'), Undecodable)
    assert.throws(() => masked('text/plain', found, '["a"]'), Undecodable)
  })

  test('does not pass where an answer lacks one', async () => {
    const short: Recogniser = {
      detectors: ['person'],
      recognise: async (texts) => texts.slice(1).map(() => []),
    }
    await assert.rejects(recognised(json, hiding(short), '["a","b"]'), Undecodable)
  })

  test('is none of any document, cut or not', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.array(fc.nat(200)), async (body, cuts) => {
        const ends = cuts.filter((at) => at < Buffer.byteLength(body))
        const nothing = new Scripted({})
        assert.equal((await recognised(json, hiding(nothing), body, ends)).text, body)
      }),
    )
  })
})

test('a recogniser that fails fails all of it', async () => {
  const recogniser: Recogniser = { detectors: ['person'], recognise: () => Promise.reject(new Error('down')) }
  await assert.rejects(recognised(json, hiding(recogniser), '["a"]'), /down/)
})
