import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Refused, type MaskRule, type Verdict } from '@sluice/core'
import { builtInDetectors } from '@sluice/masking'
import fc from 'fast-check'
import { catalogueOf } from '../catalogue.ts'
import type { CopyFormat } from '../copy/format.ts'
import { Mask } from '../mask.ts'
import { back } from '../messages.ts'
import { oblige, openPlan } from '../obligations.ts'
import { LastReply, Reply } from '../replies.ts'
import type { MaskPlan } from '../statement.ts'
import { buildError, cstring, frame, int32, parseError } from '../wire.ts'
import { AnswerSearch } from './answer-search.ts'
import type { Detection } from './detection.ts'
import { withDetectors, type Means } from './oblige.ts'

const card = '4111111111111111'
const means: Means = { detectors: builtInDetectors, recognised: new Set(['person']), pseudonyms: undefined }
const limits = { rows: null, bytes: null, timeout_ms: null }

function verdict(...mask: readonly MaskRule[]): Verdict {
  return { effect: 'allow', reasons: [], mask, limits, approval: null, labels: {} }
}

const looked: readonly MaskRule[] = ['card', 'email'].map((detector) => ({
  detector,
  method: 'redact',
  rule: 'test/looks',
}))

function planOf(change: Partial<MaskPlan> = {}): MaskPlan {
  const obliged = withDetectors({ kind: 'plan', plan: openPlan }, [verdict(...looked)], means, [])
  assert.ok(obliged.kind === 'plan')
  return { ...obliged.plan, ...change }
}

function search(): Detection {
  return planOf().detection ?? assert.fail('nothing is looked for')
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function description(...types: readonly number[]): Buffer {
  const fields = types.map((type) =>
    Buffer.concat([cstring('c'), int32(0), int16(0), int32(type), int16(-1), int32(-1), int16(0)]),
  )
  return frame(back.rowDescription, int16(types.length), ...fields)
}

function row(...values: readonly (string | null)[]): Buffer {
  const cells = values.map((value) =>
    value === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]),
  )
  return frame(back.dataRow, int16(values.length), ...cells)
}

const text = 25
const int4 = 23
const complete = frame(back.commandComplete, cstring('SELECT 1'))
const parsed = frame(back.parseComplete)
const ready = frame(back.readyForQuery, Buffer.from('I'))

function reply(...messages: readonly Buffer[]): Reply {
  const bytes = Buffer.concat(messages)
  return new Reply(bytes, bytes, messages.filter((message) => message[0] === back.dataRow).length)
}

const bytesOf = (shown: Reply): string => Buffer.from(shown.bytes).toString('latin1')
const expected = (...messages: readonly Buffer[]): string => Buffer.concat(messages).toString('latin1')

function refusedBy(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof Refused) return error.refusal.rule
    throw error
  }
  return 'shown'
}

suite('rows', () => {
  test('only what is found is replaced, and lengths are right', () => {
    const shown = new Mask(planOf()).apply(
      reply(
        description(text, int4, text),
        row(`a ${card} b`, '7', null),
        row('', '8', 'x@example.com'),
        complete,
      ),
    )
    assert.equal(
      bytesOf(shown),
      expected(
        description(text, int4, text),
        row('a [masked] b', '7', null),
        row('', '8', '[masked]'),
        complete,
      ),
    )
    assert.deepEqual(shown.masked, [
      { column: 'card', method: 'redact', values: 1 },
      { column: 'email', method: 'redact', values: 1 },
    ])
  })

  test('what masks of columns have hidden stays counted', () => {
    const before = [{ column: 'public.t.a', method: 'stars', values: 1 }]
    const { bytes, record, rows } = reply(description(text), row(card), complete)
    const shown = new AnswerSearch(search(), undefined, () => undefined).apply(
      new Reply(bytes, record, rows, before),
    )
    assert.deepEqual(shown.masked, [...before, { column: 'card', method: 'redact', values: 1 }])
  })

  test('an answer with nothing in it is the same piece of memory', () => {
    const clean = reply(description(text), row('nothing'), complete)
    assert.equal(new Mask(planOf()).apply(clean), clean)
  })

  test('the record is the recorded part of what is shown, and the end stays', () => {
    const content = [description(text), row(card), complete]
    const bytes = Buffer.concat([parsed, ...content, ready])
    const end = { outcome: 'completed', status: null } as const
    const record = bytes.subarray(parsed.length, bytes.length - ready.length)
    const shown = new Mask(planOf()).apply(new LastReply(end, bytes, record, 1))
    assert.ok(shown instanceof LastReply)
    assert.equal(
      Buffer.from(shown.record).toString('latin1'),
      expected(description(text), row('[masked]'), complete),
    )
  })

  test('rows that nothing describes are refused, those of the next statement too', () => {
    assert.equal(
      refusedBy(() => new Mask(planOf()).apply(reply(row('a')))),
      'adapter/closed_world',
    )
    const mask = new Mask(planOf())
    assert.equal(
      refusedBy(() => mask.apply(reply(description(text), row('a'), complete, row('a')))),
      'adapter/closed_world',
    )
    const other = new Mask(planOf())
    assert.equal(
      refusedBy(() => other.apply(reply(description(text), row('a', 'b')))),
      'adapter/detectors',
    )
  })

  test('what is no JSON though its type says so is refused', () => {
    const mask = new Mask(planOf())
    assert.equal(
      refusedBy(() => mask.apply(reply(description(114), row(`{"a":${card}`)))),
      'adapter/detectors',
    )
  })
})

suite('words', () => {
  test('all but codes and places', () => {
    const fields = new Map([
      ['S', 'ERROR'],
      ['C', '22P02'],
      ['M', `no: "${card}"`],
      ['D', `Key (mail)=(x@example.com)`],
      ['W', `line ${card}`],
      ['q', `select ${card}`],
      ['P', card],
    ])
    const shown = new Mask(planOf()).apply(reply(buildError(back.errorResponse, fields)))
    const told = parseError(Buffer.from(shown.bytes))
    assert.deepEqual(
      ['S', 'C', 'M', 'D', 'W', 'q', 'P'].map((code) => told.get(code)),
      ['ERROR', '22P02', 'no: "[masked]"', 'Key (mail)=([masked])', 'line [masked]', 'select [masked]', card],
    )
  })
})

const format: CopyFormat = { kind: 'text', delimiter: '\t', null: '\\N', header: false }
const copyOut = frame(back.copyOutResponse, Buffer.from([0]), int16(2), int16(0), int16(0))
const copying = planOf({ copy: { query: Buffer.alloc(0), format } })
const copied = (bytes: Buffer): Buffer => frame(back.copyData, bytes)

suite('COPY', () => {
  test('however its data is cut', () => {
    const data = Buffer.from(`1\ta ${card}\n2\tclean\\n\n3\tx@example.com\n`)
    const wanted = `1\ta [masked]\n2\tclean\\n\n3\t[masked]\n`
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: data.length - 1 })), (cuts) => {
        const mask = new Mask(copying)
        mask.describeHidden(description(int4, text))
        const borders = [0, ...cuts.toSorted((one, other) => one - other), data.length]
        const pieces = borders.slice(1).map((to, at) => copied(data.subarray(borders[at] ?? 0, to)))
        const shown = [
          reply(copyOut),
          ...pieces.map((piece) => reply(piece)),
          reply(frame(back.copyDone), complete),
        ].map((each) => Buffer.from(mask.apply(each).bytes))
        const out = Buffer.concat(shown).subarray(copyOut.length)
        let rows = ''
        for (let at = 0; out[at] === back.copyData; at += 1 + out.readInt32BE(at + 1))
          rows += out.toString('utf8', at + 5, at + 1 + out.readInt32BE(at + 1))
        assert.equal(rows, wanted)
      }),
    )
  })

  test('that nothing describes, or not what was described, is refused', () => {
    assert.equal(
      refusedBy(() => new Mask(copying).apply(reply(copyOut))),
      'adapter/detectors',
    )
    const mask = new Mask(copying)
    mask.describeHidden(description(text))
    assert.equal(
      refusedBy(() => mask.apply(reply(copyOut))),
      'adapter/closed_world',
    )
    assert.equal(
      refusedBy(() => new Mask(planOf()).apply(reply(copied(Buffer.from('a\n'))))),
      'adapter/closed_world',
    )
  })
})

suite('what is asked for', () => {
  const columns = description(text)
  const maskOf = (verdicts: readonly Verdict[], change: Partial<Means>): Mask => {
    const obliged = withDetectors({ kind: 'plan', plan: openPlan }, verdicts, { ...means, ...change }, [])
    assert.ok(obliged.kind === 'plan')
    return new Mask(obliged.plan)
  }

  test('tokens of a domain', () => {
    const pseudonyms = {
      key: 'k1',
      digest: (purpose: string) => createHash('sha256').update(purpose).digest(),
    }
    const shownIn = (domain: string): Reply =>
      maskOf([verdict({ detector: 'card', method: 'tokenise', domain, rule: 'r' })], { pseudonyms }).apply(
        reply(columns, row(`pay ${card}`), complete),
      )
    assert.notEqual(bytesOf(shownIn('shops')), bytesOf(shownIn('people')))
    assert.deepEqual(shownIn('shops').masked, [{ column: 'card', method: 'tokenise:shops:k1', values: 1 }])
  })

  test('by every statement of a message is looked for once', () => {
    let asked = 0
    const counting = {
      ...(builtInDetectors.get('card') ?? assert.fail()),
      find: (value: string) => {
        asked++
        return builtInDetectors.get('card')?.find(value) ?? []
      },
    }
    const detectors = new Map([['card', counting]])
    const all = Array.from({ length: 50 }, () => verdict({ detector: 'card', method: 'redact', rule: 'r' }))
    const shown = maskOf(all, { detectors }).apply(reply(columns, row(`pay ${card}`), complete))
    assert.equal(bytesOf(shown), expected(columns, row('pay [masked]'), complete))
    assert.ok(asked <= 2, String(asked))
  })
})

suite('what cannot be kept', () => {
  const cases: readonly (readonly [MaskRule, RegExp])[] = [
    [{ detector: 'nosuch', method: 'redact', rule: 'r' }, /there is no detector "nosuch"/],
    [{ detector: 'person', method: 'redact', rule: 'r' }, /recognisers are not asked about the rows/],
    [{ detector: 'card', method: 'hash', rule: 'r' }, /no key for pseudonyms/],
  ]
  for (const [rule, why] of cases)
    test(`${'detector' in rule ? rule.detector : ''} by ${rule.method}`, () => {
      const obliged = withDetectors({ kind: 'plan', plan: openPlan }, [verdict(rule)], means, [])
      assert.match(obliged.kind === 'refused' ? obliged.refusal.message : 'planned', why)
    })

  const empty = catalogueOf({
    relations: [],
    columns: [],
    inherits: [],
    functions: [],
    operators: [],
    types: [],
    fields: [],
  })
  const statement = {
    action: { name: 'sql.select', kind: 'select', read_only: true },
    uses: [],
    derived: [{ schema: 'public', name: 'v' }],
    namesakes: [],
    touched: [],
    computed: true,
    explains: false,
    effectFree: false,
    outputs: null,
    lingers: false,
    effect: { kind: 'none' },
  } as const

  test('a path, and a detector in what the target gets', () => {
    for (const rule of [
      { path: '$.ssn', method: 'redact', rule: 'r' },
      { detector: 'card', of: 'request', method: 'redact', rule: 'r' },
    ] as const)
      assert.equal(oblige([statement], [verdict(rule)], empty).kind, 'refused')
  })

  test('detectors alone leave views and expressions as they are', () =>
    assert.deepEqual(oblige([statement], [verdict(...looked)], empty), { kind: 'plan', plan: openPlan }))
})
