import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Undecodable } from '../data-type.ts'
import { builtInDetectors } from '../detectors/built-in.ts'
import type { MaskRequest } from '../replacer.ts'
import { card, everyCut, masked, rules, ssn } from './scripted.ts'
import type { ContentRules } from './rules.ts'

const json = 'application/json'
const redact: MaskRequest = { method: 'redact' }
const both = rules({ '$..secret': redact, '$.list[1]': { method: 'last4' } }, [ssn, card], {
  method: 'stars',
})

const completion = JSON.stringify({
  choices: [
    {
      message: { content: '123-45-6789' },
      logprobs: { content: [{ token: '123-', bytes: [49, 50], top_logprobs: [{ '45-': -1 }] }] },
    },
    { logprobs: [{ token: '6789' }], text: 'b' },
  ],
  logprobs: true,
  more: [[1]],
})

test('what repeats a text token by token is left out where detectors look, however it is cut', () => {
  const shown =
    '{"choices":[{"message":{"content":"[masked]"},"logprobs":null},{"logprobs":[],"text":"b"}],"logprobs":true,"more":[[1]]}'
  for (const spelled of [completion, completion.replaceAll('"logprobs"', String.raw`"logpro\u0062s"`)])
    for (const cuts of everyCut(spelled)) {
      const { text } = masked('application/json', rules({}, [ssn]), spelled, cuts)
      assert.deepEqual(JSON.parse(text), JSON.parse(shown), String(cuts))
    }
  assert.equal(
    masked('application/json', rules({ '$.more': { method: 'null' } }), completion).text.includes('6789'),
    true,
  )
})

test('so are the tokens of other models', () => {
  for (const [document, shown] of [
    [
      '{"candidates":[{"logprobsResult":{"chosenCandidates":[{"token":"123-"},{"token":"45-6789"}]}}]}',
      '{"candidates":[{"logprobsResult":null}]}',
    ],
    [
      '{"prompt_token_ids":[1],"choices":[{"token_ids":[2,3]}],"prompt_logprobs":[null,{"7":{"decoded_token":"123-"}}]}',
      '{"prompt_token_ids":[],"choices":[{"token_ids":[]}],"prompt_logprobs":[]}',
    ],
    ['{"completion_probabilities":[{"token":"123-"}]}', '{"completion_probabilities":[]}'],
    ['{"response":"b","done":true,"context":[1,2]}', '{"response":"b","done":true,"context":[]}'],
    [
      '{"context":[1,2],"a":{"done":true,"context":[1]}}',
      '{"context":[1,2],"a":{"done":true,"context":[1]}}',
    ],
  ] as const)
    for (const cuts of everyCut(document))
      assert.equal(masked('application/json', rules({}, [ssn]), document, cuts).text, shown)
})

test('a text that a model tells in the elements of a list is withheld where detectors look', () => {
  const piece = (text: string): object => ({
    candidates: [{ content: { role: 'model', parts: [{ text }] } }],
  })
  const pieces = JSON.stringify([piece('123-'), piece('45-6789')])
  for (const cuts of everyCut(pieces))
    assert.throws(() => masked('application/json', rules({}, [ssn]), pieces, cuts), Undecodable)
  for (const other of [
    '[{"candidates":[{"name":"b","parts":[1]}]}]',
    JSON.stringify(piece('b')),
    '[{"content":{"parts":[]}}]',
  ])
    assert.equal(masked('application/json', rules({}, [ssn]), other).text, other)
})

test('documents in strings are read within each other, and what is deeper is withheld where a path may lead there', () => {
  const within = (levels: number, document: string): string =>
    levels === 0 ? document : within(levels - 1, JSON.stringify({ in: document }))
  const by = rules({ '$..secret': redact }, [ssn])
  for (const levels of [1, 2, 4])
    assert.equal(
      masked('application/json', by, within(levels, '{"secret":"s","a":"123-45-6789"}')).text,
      within(levels, '{"secret":"[masked]","a":"[masked]"}'),
    )
  assert.throws(() => masked('application/json', by, within(5, '{"secret":"s"}')), Undecodable)
  assert.equal(masked('application/json', rules({}, [ssn]), within(5, '{"a":1}')).text, within(5, '{"a":1}'))
  const asString = JSON.stringify({ in: JSON.stringify('{"secret":"s"}') })
  assert.equal(masked('application/json', by, asString).text, asString.replace('s\\', '[masked]\\'))
})

suite('what becomes of a document', () => {
  const cases: readonly (readonly [what: string, document: string, shown: string])[] = [
    ['a value at a path', '{"secret": "s"}', '{"secret": "[masked]"}'],
    [
      'each leaf below it',
      '{"secret":{"a":["s",1,true,null,{}]}}',
      '{"secret":{"a":["[masked]",0,false,null,{}]}}',
    ],
    ['an element', '{"list":["a","12345678",3]}', '{"list":["a","****5678",3]}'],
    ['the same name twice', '{"secret":1,"secret":"2"}', '{"secret":0,"secret":"[masked]"}'],
    ['a name with escapes', '{"\\u0073ecret":1}', '{"\\u0073ecret":0}'],
    ['a found part of a string', '["my 123-45-6789, é\\u00e9"]', '["my ***********, é\\u00e9"]'],
    [
      'a found part behind escapes',
      '["\\ud83d\\ude00\\n😀\\/é123-45-6789\\t"]',
      '["\\ud83d\\ude00\\n😀\\/é***********\\t"]',
    ],
    ['a found part with escapes', '["\\u0031\\u00323-45-\\u0036789"]', '["***********"]'],
    ['a found name', '{"123-45-6789": {"a": 1}}', '{"***********": {"a": 1}}'],
    [
      'a found name again',
      '[{"123-45-6789":1},{"a":1,"123-45-6789":2,"a":3}]',
      '[{"***********":1},{"a":1,"***********":2,"a":3}]',
    ],
    ['a found number', '[4111111111111111, -4111111111111111]', '[0, 0]'],
    ['a found number with an exponent', '[4.111111111111111e15,4111111111111111.0]', '[0,0]'],
    [
      'JSON in a string, by paths',
      '{"j":"{\\"secret\\": \\"é\\"}"}',
      '{"j":"{\\"secret\\": \\"[masked]\\"}"}',
    ],
    ['JSON in a string, by detectors', '["[\\"\\\\u0031\\\\u00323-45-6789\\"]"]', '["[\\"***********\\"]"]'],
    ['no JSON in a string', '["{123-45-6789}"]', '["{***********}"]'],
  ]
  for (const [what, document, shown] of cases)
    test(what, () => {
      for (const cuts of everyCut(document)) assert.equal(masked(json, both, document, cuts).text, shown)
    })

  test('hits are counted by rule and by the method that was applied', () => {
    const { masked: counts } = masked(
      json,
      both,
      '{"secret":["s",1,true],"a":"123-45-6789","b":4111111111111111}',
    )
    assert.deepEqual(counts, [
      { column: '$..secret', method: 'redact', values: 3 },
      { column: 'card', method: 'redact', values: 1 },
      { column: 'ssn', method: 'stars', values: 1 },
    ])
  })

  test('what a path masks is not looked into again', () => {
    const by = rules({ '$.a': { method: 'last4' } }, [ssn])
    assert.equal(masked(json, by, '{"a":"123-45-6789"}').text, '{"a":"***-**-6789"}')
  })

  test('where two detectors find something overlapping, one mask covers both', () => {
    const wide = {
      ...ssn,
      name: 'wide',
      charsMax: 14,
      find: (text: string) => ssn.find(text).map(({ start, end }) => ({ start: start - 1, end: end + 2 })),
    }
    const by: ContentRules = {
      paths: [],
      detectors: [
        { detector: ssn, request: { method: 'last4' }, rule: 'a' },
        { detector: wide, request: redact, rule: 'b' },
      ],
    }
    assert.equal(masked(json, by, '["a 123-45-6789 bc"]').text, '["a[masked]c"]')
  })

  test('no document is none to hide', () => {
    assert.equal(masked(json, both, '').text, '')
    assert.equal(masked(json, both, ' \n').text, ' \n')
  })
})

suite('any document', () => {
  const spaced = fc.tuple(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 1, '\t'), fc.boolean())
  const documents = spaced.map(([value, indent, ascii]) => {
    const text = JSON.stringify(value, null, indent)
    return ascii
      ? text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      : text
  })

  test('leaves byte for byte where nothing is masked', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const by = rules({ '$..never': redact }, [ssn])
        assert.deepEqual(masked(json, by, document), { text: document, masked: [] })
      }),
    )
  })

  test('is the same however it is cut', () => {
    const by = rules({ '$..*[0]': redact }, [
      { ...card, find: (text) => (text.length > 1 ? [{ start: 0, end: 1 }] : []) },
    ])
    fc.assert(
      fc.property(documents, fc.array(fc.nat(), { maxLength: 9 }), (document, places) => {
        const cuts = places.map((place) => place % (Buffer.byteLength(document) + 1))
        assert.deepEqual(masked(json, by, document, cuts), masked(json, by, document))
      }),
    )
  })

  test('is masked as each of its values would be alone, with each of its characters escaped', () => {
    const by = rules({}, [
      ssn,
      ...['card', 'email', 'key', 'phone'].flatMap((name) => builtInDetectors.get(name) ?? []),
    ])
    const parts = [
      '123-45-6789',
      '4111 1111 1111 1111',
      'ann@example.com',
      'phone: ',
      '2125550123',
      'é',
      '\n',
      ' ',
      '"',
      'a',
    ]
    const plain = fc.array(fc.constantFrom(...parts), { maxLength: 3 }).map((words) => words.join(''))
    const text = fc.oneof(
      plain,
      plain.map((each) => Buffer.from(each).toString('base64')),
      plain.map((each) => `data:text/plain;base64,${Buffer.from(each).toString('base64')}`),
      plain.map(encodeURIComponent),
      plain.map((each) => ` ${JSON.stringify([each])}`),
      fc.constantFrom(' [4111111111111111, 1]', '{"n":2125550123}'),
    )
    const number = fc.constantFrom(4111111111111111, 2125550123, 41111111111111.11e2, -1.5, 0)
    fc.assert(
      fc.property(fc.array(fc.oneof(text, number), { maxLength: 8 }), (values) => {
        const alone = values.map((value): unknown => JSON.parse(masked(json, by, escaped(value)).text))
        assert.deepEqual(JSON.parse(masked(json, by, JSON.stringify(values)).text), alone)
        const named = JSON.stringify({ ...values })
        assert.deepEqual(Object.values(JSON.parse(masked(json, by, named).text) as object), alone)
      }),
      { numRuns: 1_000 },
    )
  })

  test('under a path keeps its shape and nothing else', () => {
    const shape = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shape)
      if (typeof value === 'object' && value !== null)
        return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shape(part)]))
      return typeof value === 'string'
        ? '[masked]'
        : typeof value === 'number'
          ? 0
          : value === null
            ? null
            : false
    }
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const shown = masked(json, rules({ $: redact }), JSON.stringify(value)).text
        assert.deepEqual(JSON.parse(shown), shape(JSON.parse(JSON.stringify(value))))
      }),
    )
  })

  test('never shows what is looked for, however it is spelled', () => {
    const spelling = fc.array(fc.boolean(), { minLength: 11, maxLength: 11 })
    fc.assert(
      fc.property(spelling, fc.nat(80), (escapes, cut) => {
        const spelled = [...'123-45-6789']
          .map((letter, at) => (escapes[at] ? `\\u00${letter.charCodeAt(0).toString(16)}` : letter))
          .join('')
        const document = `{"${spelled}":"${spelled}","n":"[\\"${spelled.replaceAll('\\', '\\\\')}\\"]"}`
        const { text } = masked(json, rules({}, [ssn]), document, [cut])
        assert.equal(text, '{"[masked]":"[masked]","n":"[\\"[masked]\\"]"}')
      }),
    )
  })

  test('is taken where JSON.parse takes it, and refused where that refuses it', () => {
    const tokens = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"\\u12',
      '34"',
      '1',
      '-',
      '0',
      '.5',
      'e+1',
      'true',
      'null',
      'nul',
      ' ',
      '\n',
      '\\',
      '"',
    )
    fc.assert(
      fc.property(fc.array(tokens, { minLength: 1, maxLength: 9 }), (parts) => {
        const document = parts.join('')
        if (document.trim() === '') return
        let valid = true
        try {
          JSON.parse(document)
        } catch {
          valid = false
        }
        if (valid) assert.equal(masked(json, rules({ '$.b': redact }), document).text, document)
        else assert.throws(() => masked(json, rules({ '$.b': redact }), document), Undecodable)
      }),
      { numRuns: 20_000 },
    )
  })
})

function escaped(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const units = Array.from({ length: value.length }, (_, at) => value.charCodeAt(at))
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`
}

suite('what is refused', () => {
  const wrong: readonly (readonly [what: string, document: string | Buffer])[] = [
    ['an end too early', '{"a":1'],
    ['a string without an end', '"a'],
    ['two documents', '{} {}'],
    ['a word that is none', 'nulL'],
    ['a control character in a string', '"a\nb"'],
    ['an escape that is none', '"\\x41"'],
    ['hexadecimal that is none', '"\\u12g4"'],
    ['a comma too many', '[1,]'],
    ['a number with a zero in front', '01'],
    ['NaN', 'NaN'],
    ['a comment', '/* */ 1'],
    ['single quotes', "{'a':1}"],
    ['a mark of the byte order', '\ufeff{}'],
    ['bytes that are no UTF-8', Buffer.from('["\xe9"]', 'latin1')],
    ['half a character at the end', Buffer.from('"é').subarray(0, 2)],
    ['an overlong character', Buffer.from([0x22, 0xc0, 0xa2, 0x22])],
    ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
    ['UTF-16', Buffer.from('{}', 'utf16le')],
    ['too deep nesting', `${'['.repeat(129)}${']'.repeat(129)}`],
    ['too deep nesting in a string', JSON.stringify(`${'['.repeat(129)}${']'.repeat(129)}`)],
    ['a string without bounds', `"${'a'.repeat(1024 * 1024 + 1)}"`],
    ['a number without bounds', '1'.repeat(5000)],
  ]
  for (const [what, document] of wrong)
    test(what, () => {
      assert.throws(() => masked(json, both, document), Undecodable)
      const half = Math.floor(Buffer.from(document).length / 2)
      assert.throws(() => masked(json, both, document, [half]), Undecodable)
    })

  test('as deep as may be is not', () => {
    const document = `${'['.repeat(128)}${']'.repeat(128)}`
    assert.equal(masked(json, both, document).text, document)
  })
})

test('a long string in small pieces takes no more than its length', { timeout: 20_000 }, () => {
  const document = `["${'é\\n'.repeat(200_000)}"]`
  const places = Array.from({ length: Buffer.byteLength(document) / 8 }, (_, at) => 8 * at)
  assert.equal(masked(json, rules({ '$.a': redact }, [ssn]), document, places).text, document)
})
