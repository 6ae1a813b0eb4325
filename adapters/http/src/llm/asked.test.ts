import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Json } from '@sluice/core'
import { spokenOf } from './asked.ts'
import type { Llm } from './llm.ts'
import type { Profile } from './operation.ts'
import { pricesOf } from './prices.ts'

const prices = pricesOf({ 'gpt-*': { input: 1, output: 2 } }, 'prices')

const nothing = {
  stream: false,
  max_tokens: null,
  temperature: null,
  choices: 1,
  tools: [],
  tool_choice: null,
  tool_results: [],
  images: false,
  files: false,
  audio: false,
  stored: false,
  background: false,
}
const hello = [{ role: 'user', content: 'Hello.' }]

function asked(path: string, body: Json | undefined, profile: Profile = 'openai') {
  return spokenOf(profile, prices, { method: 'POST', path, body })
}

function read(path: string, body: Json, profile: Profile = 'openai'): Llm {
  const { llm, objection } = asked(path, body, profile)
  return llm ?? assert.fail(objection?.message ?? 'nothing is known of it')
}

suite('chat completions', () => {
  const chat = (body: { readonly [name: string]: Json }): Llm =>
    read('/v1/chat/completions', { model: 'gpt-4o', messages: hello, ...body })

  test('the least that can be asked', () => {
    assert.deepEqual(chat({}), {
      ...nothing,
      operation: 'chat',
      model: 'gpt-4o',
      messages: 1,
      roles: ['user'],
      parts: ['text'],
      priced: true,
    })
  })

  test('what bounds an answer; of two bounds the larger', () => {
    const {
      stream,
      max_tokens: most,
      temperature,
      choices,
    } = chat({
      stream: true,
      max_tokens: 10,
      max_completion_tokens: 20,
      temperature: 0.5,
      n: 3,
    })
    assert.deepEqual([stream, most, temperature, choices], [true, 20, 0.5, 3])
  })

  test('tools, in all the ways there are to name one', () => {
    const { tools, tool_choice } = chat({
      tools: [
        { type: 'function', function: { name: 'run_sql', parameters: {} } },
        { type: 'custom', custom: { name: 'shell' } },
      ],
      functions: [{ name: 'old' }],
      web_search_options: {},
      tool_choice: { type: 'function', function: { name: 'run_sql' } },
    })
    assert.deepEqual([tools, tool_choice], [['run_sql', 'shell', 'old', 'web_search'], 'tool:run_sql'])
    assert.equal(chat({ tool_choice: 'none' }).tool_choice, 'none')
    assert.equal(chat({ function_call: { name: 'none' } }).tool_choice, 'tool:none')
  })

  test('whose results it brings back, as far as it says', () => {
    const call = (id: string, name: string): Json => ({
      id,
      type: 'function',
      function: { name, arguments: '{}' },
    })
    const { tool_results, roles, messages } = chat({
      messages: [
        ...hello,
        { role: 'assistant', content: null, tool_calls: [call('call_1', 'run_sql')] },
        { role: 'tool', tool_call_id: 'call_1', content: '42' },
        { role: 'tool', tool_call_id: 'call_of_nobody', content: '43' },
      ],
    })
    assert.deepEqual([tool_results, roles, messages], [['run_sql'], ['user', 'assistant', 'tool'], 4])
  })

  test('what is not text', () => {
    const content = ['image_url', 'file', 'input_audio', 'video_url'].map((type) => ({ type }))
    const { images, files, audio, parts } = chat({ messages: [{ role: 'user', content }] })
    assert.deepEqual([images, files, audio], [true, true, true])
    assert.deepEqual(parts, ['image_url', 'file', 'input_audio', 'video_url'])
  })

  test('a deployment in the path is the model, whatever the body says', () => {
    const llm = read('/openai/deployments/dear/chat/completions', { model: 'gpt-cheap', messages: hello })
    assert.deepEqual([llm.model, llm.priced], ['dear', false])
  })
})

suite('responses', () => {
  const respond = (body: { readonly [name: string]: Json }): Llm =>
    read('/v1/responses', { model: 'gpt-5', ...body })

  test('a text is a message', () => {
    const { messages, roles, parts, operation } = respond({ input: 'Hello.', instructions: 'Be kind.' })
    assert.deepEqual([operation, messages, roles, parts], ['responses', 1, ['system', 'user'], ['text']])
  })

  test('items, calls and what comes back of them', () => {
    const llm = respond({
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'x' },
            { type: 'input_image', image_url: 'y' },
          ],
        },
        { type: 'function_call', call_id: 'c1', name: 'run_sql', arguments: '{}' },
        { type: 'function_call_output', call_id: 'c1', output: '42' },
      ],
      max_output_tokens: 9,
      tool_choice: { type: 'web_search' },
    })
    assert.deepEqual([llm.messages, llm.max_tokens, llm.images, llm.tool_choice], [1, 9, true, 'web_search'])
    assert.deepEqual(llm.tool_results, ['run_sql'])
    assert.ok(llm.parts.includes('function_call_output'))
  })

  test('tools of the caller, of the target and of other servers', () => {
    const tools = [
      { type: 'function', name: 'run_sql' },
      { type: 'web_search' },
      { type: 'mcp', server_label: 'wiki', server_url: 'https://wiki.example' },
    ]
    assert.deepEqual(respond({ input: 'x', tools }).tools, ['run_sql', 'web_search', 'mcp:wiki'])
  })

  test('what goes on from what the target keeps, or is fetched later', () => {
    assert.ok(respond({ input: 'x', previous_response_id: 'resp_1' }).stored)
    assert.ok(respond({ prompt: { id: 'pmpt_1' } }).stored)
    assert.ok(respond({ input: [{ type: 'item_reference', id: 'msg_1' }] }).stored)
    assert.ok(respond({ input: 'x', background: true }).background)
  })
})

suite('embeddings and the older completions', () => {
  test('are texts, or tokens', () => {
    for (const [input, part] of [
      ['x', 'text'],
      [['x', 'y'], 'text'],
      [[1, 2], 'tokens'],
      [[[1], [2]], 'tokens'],
      [['x', [2]], 'tokens'],
    ] as const) {
      const { operation, parts } = read('/v1/embeddings', { model: 'gpt-e', input })
      assert.deepEqual([operation, parts], ['embeddings', [part]])
    }
    const { choices, max_tokens: most } = read('/v1/completions', {
      model: 'gpt-3',
      prompt: 'x',
      best_of: 5,
      max_tokens: 7,
    })
    assert.deepEqual([choices, most], [5, 7])
    assert.ok(asked('/v1/embeddings', { model: 'm', input: [{ image: 'x' }] }).objection)
  })
})

suite("Anthropic's messages", () => {
  const message = (body: { readonly [name: string]: Json }): Llm =>
    read('/v1/messages', { model: 'claude-x', max_tokens: 100, messages: hello, ...body }, 'anthropic')

  test('the least that can be asked', () => {
    assert.deepEqual(message({}), {
      ...nothing,
      operation: 'messages',
      model: 'claude-x',
      max_tokens: 100,
      messages: 1,
      roles: ['user'],
      parts: ['text'],
      priced: false,
    })
  })

  test('tools, and results that hold images', () => {
    const llm = message({
      system: 'Be kind.',
      messages: [
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'look', input: {} }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 't1', content: [{ type: 'image', source: {} }] }],
        },
      ],
      tools: [
        { name: 'look', input_schema: {} },
        { type: 'web_search_20250305', name: 'web_search' },
        { type: 'mcp_toolset', mcp_server_name: 'wiki' },
      ],
      mcp_servers: [{ name: 'wiki', url: 'https://wiki.example' }],
      tool_choice: { type: 'any' },
    })
    assert.deepEqual(llm.tools, ['look', 'web_search', 'mcp:wiki'])
    assert.deepEqual([llm.tool_results, llm.images, llm.tool_choice], [['look'], true, 'any'])
    assert.deepEqual(llm.roles, ['system', 'assistant', 'user'])
  })

  test('parts in the content of a document are seen', () => {
    const source = { type: 'content', content: [{ type: 'image' }] }
    const content = [{ type: 'document', source }]
    const { images, files } = message({ messages: [{ role: 'user', content }] })
    assert.deepEqual([images, files], [true, true])
  })
})

suite('what the profile cannot read', () => {
  for (const [what, body, message] of [
    ['no JSON', undefined, /the body must be an object/],
    ['a list', [], /the body must be an object/],
    ['no model', { messages: hello }, /"model" must be a text/],
    ['a model that is no text', { model: ['a'], messages: hello }, /"model" must be a text/],
    ['a model of an endless name', { model: 'x'.repeat(300), messages: hello }, /at most 256 characters/],
    ['no messages', { model: 'm' }, /"messages" must be a list/],
    ['messages that are none', { model: 'm', messages: 'hi' }, /"messages" must be a list/],
    ['a message without a role', { model: 'm', messages: [{ content: 'x' }] }, /"messages\.0\.role"/],
    [
      'a part without a type',
      { model: 'm', messages: [{ role: 'user', content: [{}] }] },
      /content\.0\.type/,
    ],
    ['a stream that may be one', { model: 'm', messages: hello, stream: 'yes' }, /"stream" must be true or/],
    [
      'a tool without a name',
      { model: 'm', messages: hello, tools: [{}] },
      /"tools\.0\.name" must be a text/,
    ],
    [
      'tools in tools',
      { model: 'm', messages: hello, tools: [{ type: 'x', tools: [] }] },
      /tools of its own/,
    ],
    ['half a token', { model: 'm', messages: hello, max_tokens: 0.5 }, /"max_tokens" must be a whole number/],
  ] as const)
    test(`is refused: ${what}`, () => {
      const { llm, objection } = asked('/v1/chat/completions', body)
      assert.equal(llm, null)
      assert.deepEqual([objection?.code, objection?.rule], ['malformed', 'http/llm'])
      assert.match(objection?.message ?? '', message)
    })

  test('is left to the policies where the path is not known', () => {
    assert.deepEqual(asked('/v1/files', { any: 'thing' }), { llm: null })
  })
})
