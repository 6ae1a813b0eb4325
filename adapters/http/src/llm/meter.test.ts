import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Json } from '@sluice/core'
import { spokenOf } from './asked.ts'
import { Meter } from './meter.ts'
import type { Profile } from './operation.ts'
import { pricesOf } from './prices.ts'

const prices = pricesOf(
  { 'm*': { input: 1, output: 10, cached_input: 0.5 }, 'm-dear': { input: 100, output: 100 } },
  'prices',
)
/** Ten tokens, by its texts: the name of the model and the role are among them. */
const request: Json = { model: 'm-1', messages: [{ role: 'user', content: 'x'.repeat(33) }] }

function meterOf(path = '/v1/chat/completions', body = request, profile: Profile = 'openai'): Meter {
  const { llm } = spokenOf(profile, prices, { method: 'POST', path, body })
  return new Meter(llm ?? assert.fail(), prices, Buffer.from(JSON.stringify(body)))
}

interface Answer {
  readonly meter?: Meter
  readonly type?: string
  readonly status?: number
  readonly pieces: readonly string[]
  readonly cut?: boolean
}

function used({ meter = meterOf(), type = 'application/json', status = 200, pieces, cut = false }: Answer) {
  meter.sent()
  meter.head(status, type)
  for (const piece of pieces) meter.data(Buffer.from(piece))
  if (!cut) meter.end()
  return meter.usage()
}

function events(...all: readonly Json[]): readonly string[] {
  return all.map((each) => `data: ${JSON.stringify(each)}\n\n`)
}

const anthropic = () => meterOf('/v1/messages', { ...(request as object), max_tokens: 5 }, 'anthropic')
const stream = 'text/event-stream; charset=utf-8'

suite('what an exchange with a language model uses', () => {
  test('as a document counts it, behind whatever it says', () => {
    const answer = JSON.stringify({
      choices: [{ message: { content: '"usage":{"prompt_tokens":1}' } }],
      model: 'm-1-2025',
      usage: { prompt_tokens: 100, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 40 } },
    })
    assert.deepEqual(used({ pieces: [answer.slice(0, 50), answer.slice(50)] }), {
      model: 'm-1-2025',
      input_tokens: 100,
      output_tokens: 7,
      cost_micros: 150,
      estimated: false,
    })
  })

  test('as the last event of a stream counts it', () => {
    const chunk = { model: 'm-1', choices: [{ index: 0, delta: { content: 'Hi' } }], usage: null }
    const last = { model: 'm-1', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } }
    const usage = used({ type: stream, pieces: [...events(chunk, last), 'data: [DONE]\n\n'] })
    assert.deepEqual([usage?.input_tokens, usage?.output_tokens, usage?.estimated], [5, 2, false])
  })

  test('as a stream of responses counts it', () => {
    const usage = used({
      meter: meterOf('/v1/responses', { model: 'm-1', input: 'x', stream: true }),
      type: stream,
      pieces: events(
        { type: 'response.created', response: { model: 'm-1', usage: null } },
        { type: 'response.output_text.delta', delta: 'Hi' },
        {
          type: 'response.completed',
          response: { model: 'm-1', usage: { input_tokens: 5, output_tokens: 2 } },
        },
      ),
    })
    assert.deepEqual([usage?.input_tokens, usage?.output_tokens, usage?.estimated], [5, 2, false])
  })

  test('as Anthropic counts it: what was cached stands beside the input, and the stream ends with the output', () => {
    const started = {
      model: 'm-1',
      usage: { input_tokens: 5, cache_read_input_tokens: 20, output_tokens: 1 },
    }
    const usage = used({
      meter: anthropic(),
      type: stream,
      pieces: events(
        { type: 'message_start', message: started },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
        { type: 'message_stop' },
      ),
    })
    assert.deepEqual([usage?.input_tokens, usage?.output_tokens, usage?.cost_micros], [25, 9, 105])
    assert.equal(usage?.estimated, false)
  })

  test('as a stream counts it, also for a client that hangs up at its last event', () => {
    const last = { model: 'm-1', choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } }
    const pieces = [...events(last), 'data: [DONE]\n\n']
    const usage = used({ type: stream, pieces, cut: true })
    assert.deepEqual([usage?.input_tokens, usage?.output_tokens, usage?.estimated], [5, 2, false])
    const goesOn = [...pieces, ...events({ choices: [{ index: 0, delta: { content: 'x' } }] })]
    assert.equal(used({ type: stream, pieces: goesOn, cut: true })?.estimated, true)
    const stopped = used({
      meter: anthropic(),
      type: stream,
      pieces: events(
        { type: 'message_start', message: { model: 'm-1', usage: { input_tokens: 5 } } },
        { type: 'message_delta', usage: { output_tokens: 9 } },
        { type: 'message_stop' },
      ),
      cut: true,
    })
    assert.deepEqual([stopped?.output_tokens, stopped?.estimated], [9, false])
  })

  test('of embeddings nothing comes out', () => {
    const usage = used({
      meter: meterOf('/v1/embeddings', { model: 'm-1', input: 'x' }),
      pieces: ['{"data":[{"embedding":[0.1,0.2]}],"usage":{"prompt_tokens":8,"total_tokens":8}}'],
    })
    assert.deepEqual([usage?.input_tokens, usage?.output_tokens, usage?.estimated], [8, 0, false])
  })
})

suite('an estimate', () => {
  const said = { choices: [{ index: 0, delta: { content: 'x'.repeat(40) } }] }

  test('stands in for a stream that does not count', () => {
    const usage = used({ type: stream, pieces: [...events(said, said), 'data: [DONE]\n\n'] })
    assert.deepEqual([usage?.input_tokens, usage?.output_tokens, usage?.estimated], [10, 20, true])
    assert.equal(usage?.cost_micros, 210)
  })

  test('and for one that was cut before it could', () => {
    const started = {
      type: 'message_start',
      message: { model: 'm-1', usage: { input_tokens: 50, output_tokens: 1 } },
    }
    const delta = {
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: 'x'.repeat(40) },
    }
    const usage = used({ meter: anthropic(), type: stream, pieces: events(started, delta), cut: true })
    assert.deepEqual([usage?.input_tokens, usage?.output_tokens, usage?.estimated], [50, 10, true])
  })

  test('is never less than what was counted so far', () => {
    const counted = { ...said, usage: { prompt_tokens: 5, completion_tokens: 90 } }
    assert.equal(used({ type: stream, pieces: events(counted), cut: true })?.output_tokens, 90)
  })

  test('is made where the answer never came', () => {
    const meter = meterOf()
    meter.sent()
    assert.deepEqual([meter.usage()?.input_tokens, meter.usage()?.output_tokens], [10, 0])
  })

  for (const [what, pieces] of [
    ['counts that are none', events({ ...said, usage: { prompt_tokens: -1, completion_tokens: 1e300 } })],
    ['events that are no JSON', ['data: {oops\n\n', ...events(said)]],
    ['a usage that is a list', events({ ...said, usage: [1, 2] })],
  ] as const)
    test(`is made of ${what}`, () => {
      const usage = used({ type: stream, pieces })
      assert.deepEqual([usage?.input_tokens, usage?.output_tokens, usage?.estimated], [10, 10, true])
    })

  test('of an event longer than any that can be read is by its bytes', () => {
    const usage = used({ type: stream, pieces: Array.from({ length: 50 }, () => 'x'.repeat(100_000)) })
    assert.ok((usage?.output_tokens ?? 0) > 100_000)
  })
})

suite('the price', () => {
  const answered = (model: string): string =>
    JSON.stringify({ model, usage: { prompt_tokens: 1, completion_tokens: 1 } })

  test('is that of the model that answered', () => {
    assert.equal(used({ pieces: [answered('m-dear')] })?.cost_micros, 200)
  })

  test('or of the one that was asked, when the list does not name the other', () => {
    assert.equal(used({ pieces: [answered('another')] })?.cost_micros, 11)
  })

  test('is unknown when the list names neither', () => {
    const meter = meterOf(undefined, { ...(request as object), model: 'unlisted' })
    assert.equal(used({ meter, pieces: [answered('another')] })?.cost_micros, null)
  })
})

suite('nothing is used', () => {
  test('by what never left, or was refused by the target', () => {
    assert.equal(meterOf().usage(), null)
    assert.equal(used({ status: 429, pieces: ['{"error":{}}'] }), null)
  })

  test('by a question how many tokens something would be', () => {
    const meter = meterOf('/v1/messages/count_tokens', request, 'anthropic')
    assert.equal(used({ meter, pieces: ['{"input_tokens":9}'] }), null)
  })
})
