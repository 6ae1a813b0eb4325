import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Undecodable } from '../data-type.ts'
import type { MaskRequest } from '../replacer.ts'
import type { ContentRules } from './rules.ts'
import { key, masked, rules, ssn, type Masked } from './scripted.ts'

const redact: MaskRequest = { method: 'redact' }
const found = rules({}, [ssn])

type Event = Readonly<Record<string, unknown>>

function stream(events: readonly (Event | '[DONE]')[]): string {
  return events
    .map((event) => {
      const name =
        typeof event === 'object' && typeof event['type'] === 'string' ? `event: ${event['type']}\n` : ''
      return `${name}data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`
    })
    .join('')
}

function told(by: ContentRules, events: readonly (Event | '[DONE]')[]): Masked {
  return masked('text/event-stream', by, stream(events))
}

function dataOf({ text }: Masked): readonly string[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data)
}

/** One way to tell a text in pieces, and what its clients make of it. */
interface Dialect {
  readonly name: string
  readonly events: (pieces: readonly string[]) => readonly (Event | '[DONE]')[]
  /** Where in an event its piece is. */
  readonly piece: readonly (string | number)[]
}

const chunk = (delta: unknown, finish: string | null = null): Event => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
})

function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (part, name) =>
      typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[name] : undefined,
    value,
  )
}

const dialects: readonly Dialect[] = [
  {
    name: 'chat completions',
    events: (pieces) => [
      chunk({ role: 'assistant', content: '' }),
      ...pieces.map((content) => chunk({ content })),
      chunk({}, 'stop'),
      { id: 'chatcmpl-1', choices: [], usage: { total_tokens: 9 } },
      '[DONE]',
    ],
    piece: ['choices', 0, 'delta', 'content'],
  },
  {
    name: 'chat completions that end with their last piece',
    events: (pieces) =>
      pieces.map((content, last) => chunk({ content }, last === pieces.length - 1 ? 'stop' : null)),
    piece: ['choices', 0, 'delta', 'content'],
  },
  ...['', 'null', 'stop'].map((finish): Dialect => ({
    name: `chat completions that say "${finish}" of each piece`,
    events: (pieces) => [...pieces.map((content) => chunk({ content }, finish)), '[DONE]'],
    piece: ['choices', 0, 'delta', 'content'],
  })),
  {
    name: 'contents of candidates that say "STOP" of each piece',
    events: (pieces) =>
      pieces.map((text) => ({ candidates: [{ content: { parts: [{ text }] }, finishReason: 'STOP' }] })),
    piece: ['candidates', 0, 'content', 'parts', 0, 'text'],
  },
  {
    name: 'messages of a thread',
    events: (pieces) => [
      { id: 'msg_1', object: 'thread.message', status: 'in_progress', content: [] },
      ...pieces.map((value) => ({
        id: 'msg_1',
        object: 'thread.message.delta',
        delta: { content: [{ index: 0, type: 'text', text: { value, annotations: [] } }] },
      })),
      { id: 'msg_1', object: 'thread.message', status: 'completed', content: [] },
      '[DONE]',
    ],
    piece: ['delta', 'content', 0, 'text', 'value'],
  },
  {
    name: 'completions of before there were messages',
    events: (pieces) => [
      ...pieces.map((completion) => ({ type: 'completion', completion, stop_reason: null })),
      { type: 'completion', completion: '', stop_reason: 'stop_sequence' },
    ],
    piece: ['completion'],
  },
  {
    name: 'completions that just end',
    events: (pieces) => pieces.map((text) => ({ choices: [{ index: 0, text }] })),
    piece: ['choices', 0, 'text'],
  },
  {
    name: 'responses',
    events: (pieces) => [
      { type: 'response.created', response: { output: [] } },
      ...pieces.map((delta) => ({
        type: 'response.output_text.delta',
        item_id: 'm',
        output_index: 0,
        content_index: 0,
        delta,
      })),
      {
        type: 'response.output_text.done',
        item_id: 'm',
        output_index: 0,
        content_index: 0,
        text: pieces.join(''),
      },
      { type: 'response.completed', response: { output: [{ content: [{ text: pieces.join('') }] }] } },
    ],
    piece: ['delta'],
  },
  {
    name: 'messages',
    events: (pieces) => [
      { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
      ...pieces.map((text) => ({
        type: 'content_block_delta',
        index: 1,
        delta: { type: 'text_delta', text },
      })),
      { type: 'content_block_stop', index: 1 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
      { type: 'message_stop' },
    ],
    piece: ['delta', 'text'],
  },
  {
    name: 'messages that think',
    events: (pieces) => [
      ...pieces.map((thinking) => ({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'thinking_delta', thinking },
      })),
      { type: 'content_block_stop', index: 0 },
    ],
    piece: ['delta', 'thinking'],
  },
  {
    name: 'contents of candidates',
    events: (pieces) =>
      pieces.map((text, last) => ({
        candidates: [
          {
            content: { role: 'model', parts: [{ text }] },
            ...(last === pieces.length - 1 ? { finishReason: 'STOP' } : {}),
          },
        ],
      })),
    piece: ['candidates', 0, 'content', 'parts', 0, 'text'],
  },
]

/** What a client puts together. */
function spoken(shown: Masked, ...path: readonly (string | number)[]): string {
  const parts = dataOf(shown).map((data) => (data === '[DONE]' ? undefined : at(JSON.parse(data), ...path)))
  return parts.filter((part) => typeof part === 'string').join('')
}

function pieces(text: string, cuts: readonly number[]): readonly string[] {
  const places = [0, ...cuts.toSorted((one, other) => one - other), text.length]
  return places.slice(1).map((end, index) => text.slice(places[index], end))
}

for (const dialect of dialects)
  suite(`a text told as ${dialect.name}`, () => {
    const text = 'It is 123-45-6789, so: 987-65-4321'
    const expected = 'It is [masked], so: [masked]'

    test('hides a value wherever it is cut', () => {
      for (let one = 0; one <= text.length; one++)
        for (let other = one; other <= text.length; other += 3) {
          const shown = told(found, dialect.events(pieces(text, [one, other])))
          assert.equal(spoken(shown, ...dialect.piece), expected)
          assert.doesNotMatch(shown.text, /123-45|45-6789|987-65|65-4321/)
        }
    })

    test('hides it in pieces of any size', () => {
      fc.assert(
        fc.property(fc.array(fc.nat(text.length), { maxLength: 40 }), (cuts) => {
          const shown = told(found, dialect.events(pieces(text, cuts)))
          assert.equal(spoken(shown, ...dialect.piece), expected)
          assert.deepEqual(
            shown.masked.map(({ column }) => column),
            ['ssn'],
          )
        }),
      )
    })

    test('keeps its events, and adds one at most', () => {
      const events = dialect.events(pieces(text, [3, 9, 20]))
      const shown = dataOf(told(found, events))
      const types = (data: string): unknown => (data === '[DONE]' ? data : at(JSON.parse(data), 'type'))
      const before = dataOf({ text: stream(events), masked: [] }).map(types)
      const after = shown.map(types)
      assert.ok(after.length - before.length <= 1)
      let from = -1
      for (const type of before) {
        from = after.indexOf(type, from + 1)
        assert.ok(from >= 0, String(type))
      }
    })
  })

suite('texts side by side', () => {
  test('of two choices do not mix', () => {
    const piece = (index: number, content: string, finish: string | null = null): Event => ({
      choices: [{ index, delta: { content }, finish_reason: finish }],
    })
    const shown = told(found, [
      piece(0, '123-45-'),
      piece(1, 'a 987-6'),
      piece(0, '6789', 'stop'),
      piece(1, '5-4321 b', 'stop'),
    ])
    const of = (index: number): string =>
      dataOf(shown)
        .map((data) => at(JSON.parse(data), 'choices', 0) as { index: number; delta: { content: string } })
        .flatMap((choice) => (choice.index === index ? [choice.delta.content] : []))
        .join('')
    assert.equal(of(0), '[masked]')
    assert.equal(of(1), 'a [masked] b')
  })

  test('are as many as may be', () => {
    const pieceOf = (index: number): Event => ({ choices: [{ index, delta: { content: 'a' } }] })
    assert.throws(
      () =>
        told(
          found,
          Array.from({ length: 257 }, (_, index) => pieceOf(index)),
        ),
      Undecodable,
    )
  })
})

suite('arguments of tools', () => {
  const document = '{"to": "\\u003123-45-6789", "ssn": 4711, "secret": {"a": ["s"]}}'
  const expected = '{"to": "[masked]", "ssn": 4711, "secret": {"a": ["[masked]"]}}'
  const by = rules({ '$..secret': redact }, [ssn])

  const chat = (parts: readonly string[]): readonly Event[] => [
    chunk({
      tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'send', arguments: '' } }],
    }),
    ...parts.map((part) => chunk({ tool_calls: [{ index: 0, function: { arguments: part } }] })),
    chunk({}, 'tool_calls'),
  ]
  const block = (parts: readonly string[]): readonly Event[] => [
    ...parts.map((part) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json: part },
    })),
    { type: 'content_block_stop', index: 0 },
  ]
  const call = (parts: readonly string[]): readonly Event[] => [
    ...parts.map((delta) => ({
      type: 'response.function_call_arguments.delta',
      item_id: 'f',
      output_index: 0,
      delta,
    })),
    {
      type: 'response.function_call_arguments.done',
      item_id: 'f',
      output_index: 0,
      arguments: parts.join(''),
    },
  ]
  const ways = [
    ['chat', chat, ['choices', 0, 'delta', 'tool_calls', 0, 'function', 'arguments']],
    ['messages', block, ['delta', 'partial_json']],
    ['responses', call, ['delta']],
  ] as const

  for (const [name, events, place] of ways)
    test(`of ${name} are masked as JSON, by paths too, wherever they are cut`, () => {
      for (let one = 0; one <= document.length; one++) {
        const shown = told(by, events(pieces(document, [one, Math.min(one + 4, document.length)])))
        const heardArguments = spoken(shown, ...place)
        assert.equal(heardArguments, expected)
        assert.doesNotMatch(shown.text, /6789/)
      }
    })

  test('that are no JSON end the stream', () => {
    assert.throws(() => told(by, chat(['{"a": ', 'oops}'])), Undecodable)
  })

  test('that are cut off are told up to what is certain', () => {
    const shown = dataOf(told(by, chat(['{"a": 1, "b": "123-4']))).join('')
    assert.match(shown, /\{\\"a\\": 1, \\"b\\": "/)
    assert.doesNotMatch(shown, /123/)
  })
})

suite('answers that are a document', () => {
  const by = rules({ '$..secret': redact }, [ssn])
  const chat = (parts: readonly string[]): readonly Event[] => [
    ...parts.map((content) => chunk({ content })),
    chunk({}, 'stop'),
  ]
  const answer = (parts: readonly string[]): string =>
    spoken(told(by, chat(parts)), 'choices', 0, 'delta', 'content')

  test('are masked by paths', () =>
    assert.equal(answer([' ', '\n{"sec', 'ret": "a', 'b"}']), ' \n{"secret": "[masked]"}'))
  test('are masked by paths in a list of them', () => {
    assert.equal(answer(['[', ' {"sec', 'ret": "ab"}]']), '[ {"secret": "[masked]"}]')
    assert.equal(answer(['[', '1] says']), '[1] says')
    assert.equal(answer(['[']), '[')
  })
  test('and others are texts', () =>
    assert.equal(answer(['', ' ', 'so {"secret": 1} 123-', '45-6789']), ' so {"secret": 1} [masked]'))
  test('or nothing', () => assert.equal(answer([' ']), ' '))
})

suite('what else an event holds', () => {
  test('is masked like any other JSON', () => {
    const by = rules({ '$.user': redact }, [ssn])
    const [first = ''] = dataOf(
      told(by, [
        {
          user: 'ann',
          note: '123-45-6789',
          choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }],
        },
      ]),
    )
    assert.equal(
      first,
      '{"user":"[masked]","note":"[masked]","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}',
    )
  })

  test('and a path may hide the text itself', () => {
    const by = rules({ '$.choices[*].delta.content': { method: 'stars' } }, [ssn])
    const shown = dataOf(told(by, [chunk({ content: 'hi 1' }), chunk({ content: 'ok' }, 'stop')]))
    assert.deepEqual(
      shown.map((data) => at(JSON.parse(data), 'choices', 0, 'delta', 'content')),
      ['****', '**'],
    )
  })

  test('tokens beside the text are left out', () => {
    const logprobs = { content: [{ token: '123-', bytes: [49], logprob: -1, top_logprobs: [] }] }
    const shown = told(found, [
      { choices: [{ index: 0, delta: { content: '123-' }, logprobs, finish_reason: 'stop' }] },
      { type: 'response.output_text.delta', delta: 'a', logprobs: logprobs.content },
    ])
    assert.doesNotMatch(shown.text, /token/)
    assert.match(shown.text, /"logprobs":null/)
    assert.match(shown.text, /"logprobs":\[\]/)
  })

  test('a text may begin where its block does', () => {
    const shown = told(found, [
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '123-4' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: '5-6789' } },
      { type: 'content_block_stop', index: 0 },
    ])
    assert.equal(spoken(shown, 'content_block', 'text') + spoken(shown, 'delta', 'text'), '[masked]')
  })

  test('what comes as a whole stays so', () => {
    const quote = (cited: string): Event => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'citations_delta', citation: { type: 'char_location', cited_text: cited } },
    })
    const signature = {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'signature_delta', signature: 'Ab1' },
    }
    const events = [quote('12'), quote('3-45-6789'), signature, { type: 'content_block_stop', index: 0 }]
    assert.equal(told(found, events).text, stream(events))
    assert.equal(
      at(
        JSON.parse(dataOf(told(found, [quote('a 123-45-6789')]))[0] ?? ''),
        'delta',
        'citation',
        'cited_text',
      ),
      'a [masked]',
    )
  })

  test('what is said to be finished leaves with that, where nothing follows of it', () => {
    const events = [chunk({ content: '123-45-678' }, 'stop'), chunk({}, null), '[DONE]'] as const
    assert.equal(told(found, events).text, stream(events))
  })

  test('a name told twice counts as clients count it', () => {
    const data =
      '{"choices":[{"index":0,"delta":{"content":"123-45-6789","content":"b"},"finish_reason":"stop"}]}'
    const shown = masked('text/event-stream', found, `data: ${data}\n\n`)
    assert.equal(shown.text, `data: ${data.replace('"content":"123-45-6789",', '')}\n\n`)
  })

  test('an event that tells the rest of a text repeats no name', () => {
    const shown = dataOf(
      told(rules({}, [key]), [chunk({ role: 'assistant', content: 'a sk-', name: 'n' }), chunk({}, 'stop')]),
    )
    assert.deepEqual(JSON.parse(shown[1] ?? ''), {
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      choices: [{ index: 0, delta: { content: 'sk-' }, finish_reason: null }],
    })
  })
})
