import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { chatChunks, chatCompletion, readChat, tokensOf } from './chat-completions.ts'

const asked = (more: object = {}) =>
  readChat(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Two and two?' }], ...more }))
const answer = { id: 'chatcmpl-1', created: 1_700_000_000, text: 'Two and two make four.' }
const usage = { prompt_tokens: 4, completion_tokens: 6, total_tokens: 10 }

test('tokens are the text again, and a number or a key is several', () => {
  for (const text of ['', 'Two and\n two.', '  4111 1111  ', 'sk-demo-5tq8Zr1wN4yb7Kd2mC9x', 'é✓ 日本\t'])
    assert.equal(tokensOf(text).join(''), text)
  assert.deepEqual(tokensOf('call 4111111111111111!'), ['call', ' 411111', '111111', '1111', '!'])
})

suite('what is asked', () => {
  test('is a text or parts', () => {
    const content = [
      { type: 'text', text: 'a' },
      { type: 'image_url', image_url: {} },
      { type: 'text', text: 'b' },
    ]
    const messages = [{ role: 'system', content: 'Be kind.' }, { role: 'user', content }, { role: 'tool' }]
    assert.deepEqual(asked({ messages }).texts, ['Be kind.', 'a\nb', ''])
  })

  test('is nothing without a model and messages', () => {
    for (const [body, words] of [
      ['{', /JSON/],
      ['null', /"model"/],
      ['{"messages":[]}', /"model"/],
      ['{"model":"m","messages":"hi"}', /"messages"/],
    ] as const)
      assert.throws(() => readChat(body), words)
  })
})

suite('an answer', () => {
  test('is whole, with what it used', () => {
    const { choices, usage: used } = chatCompletion(asked(), answer) as {
      readonly choices: readonly { readonly message: { readonly content: string } }[]
      readonly usage: object
    }
    assert.deepEqual([choices[0]?.message.content, used], [answer.text, usage])
  })

  const streamed = (more: object): readonly (Chunk | string)[] =>
    [...chatChunks(asked({ stream: true, ...more }), answer)].map((data) =>
      data === '[DONE]' ? data : (JSON.parse(data) as Chunk),
    )

  test('is the same text as a stream, one token in an event', () => {
    const chunks = streamed({})
    assert.equal(chunks.at(-1), '[DONE]')
    const told = chunks.slice(0, -1) as readonly Chunk[]
    const pieces = told.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? ''))
    assert.equal(pieces.join(''), answer.text)
    assert.equal(pieces.filter((piece) => piece !== '').length, usage.completion_tokens)
    assert.equal(told.at(-1)?.choices[0]?.finish_reason, 'stop')
  })

  test('says as a stream what it used when it is asked for that, in an event of its own', () => {
    assert.ok(streamed({}).every((chunk) => typeof chunk === 'string' || !('usage' in chunk)))
    const chunks = streamed({ stream_options: { include_usage: true } })
    const told = chunks.slice(0, -1) as readonly Chunk[]
    assert.deepEqual([told.at(-1)?.choices, told.at(-1)?.usage], [[], usage])
    assert.ok(told.slice(0, -1).every((chunk) => chunk.usage === null))
  })
})

interface Chunk {
  readonly choices: readonly {
    readonly delta: { readonly content?: string }
    readonly finish_reason: string | null
  }[]
  readonly usage?: object | null
}
