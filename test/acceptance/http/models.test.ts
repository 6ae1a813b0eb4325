import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Anthropic, { APIError as AnthropicError } from '@anthropic-ai/sdk'
import OpenAI, { APIError as OpenAIError } from 'openai'
import type { EventData } from '@sluice/core'
import { startIdentityProvider } from '@sluice/demo'
import { httpAnswer, startGateway, startHttpBackend, type Answer, type Heard } from '../../src/index.ts'
import { languageModel } from './language-model.ts'

/** Targets that say whose API they speak, under the starter policies: what is seen, counted and bounded. */
const starter = fileURLToPath(new URL('../../../policies/starter', import.meta.url))
const prices = { 'scripted*': { input: 1_000, output: 10_000 } }
const budgets = { run_tokens: 40, subject_tokens: 1_000_000 }
const models = { prompter: ['scripted*'] }

const provider = await startIdentityProvider({ port: 0 })
after(() => provider.close())
const backend = await startHttpBackend(answer)
after(() => backend.close())
const gateway = await startGateway({
  provider,
  policies: starter,
  policyData: { budgets, llm: { models, tools_denied: ['mcp:*'] } },
  targets: (['openai', 'anthropic'] as const).map((profile) => ({
    name: profile,
    http: backend,
    settings: { profile, prices },
  })),
})
after(() => gateway.close())

function answer(heard: Heard): Answer {
  if (!heard.body.includes('"scripted-slowly"')) return languageModel(heard)
  return httpAnswer.chunked(slowly(), { 'content-type': 'text/event-stream' })
}

async function* slowly(): AsyncGenerator<string> {
  yield `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'x'.repeat(400) } }] })}\n\n`
  await sleep(60_000, undefined, { ref: false })
}

const messages = [{ role: 'user' as const, content: 'Two and two?' }]
const key = 'a-key-of-nobody'
const model = 'scripted'

async function openai(run = 'run_of_openai'): Promise<OpenAI> {
  const { url, headers } = await gateway.door('langchain-reporting', 'openai')
  return new OpenAI({
    baseURL: `${url}/v1`,
    apiKey: key,
    defaultHeaders: { ...headers, 'x-sluice-run-id': run },
  })
}

async function anthropic(): Promise<Anthropic> {
  const { url, headers } = await gateway.door('langchain-reporting', 'anthropic')
  return new Anthropic({ baseURL: url, apiKey: key, defaultHeaders: headers })
}

/** What the last exchange used, once its end is recorded. */
async function lastUsed(exchanges: number): Promise<EventData['ResponseCompleted']> {
  for (const until = performance.now() + 45_000; performance.now() < until; await sleep(20)) {
    const ends = (await gateway.events()).flatMap((event) =>
      event.type === 'ResponseCompleted' ? [event.data] : [],
    )
    const last = ends[exchanges - 1]
    if (last !== undefined) return last
  }
  return assert.fail('its end is not recorded')
}

async function refused(
  work: () => Promise<unknown>,
): Promise<{ status: unknown; message: string; error: unknown }> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof OpenAIError) && !(error instanceof AnthropicError)) throw error
    return error
  }
  return assert.fail('it was allowed')
}

suite('what a language model is asked and uses', () => {
  test('is counted as the answer counts it', async () => {
    await (await openai()).chat.completions.create({ model, messages })
    const { usage } = await lastUsed(1)
    assert.deepEqual(usage, {
      model,
      input_tokens: 4,
      output_tokens: 7,
      cost_micros: 74_000,
      estimated: false,
    })
    const received = (await gateway.events()).find(({ type }) => type === 'RequestReceived')
    const actions = received?.type === 'RequestReceived' ? received.data.actions : assert.fail()
    assert.match(actions, /"llm":\{"operation":"chat","model":"scripted"/)
    assert.doesNotMatch(actions, /Two and two/)
  })

  test('is estimated where a stream does not count', async () => {
    for await (const _part of await (
      await openai()
    ).chat.completions.create({ model, messages, stream: true }));
    const { usage } = await lastUsed(2)
    assert.equal(usage?.estimated, true)
    assert.ok(usage.output_tokens > 0 && usage.input_tokens > 0)
  })

  test('is counted at the end of a stream of Anthropic’s', async () => {
    await (await anthropic()).messages.stream({ model, max_tokens: 9, messages }).finalMessage()
    const { usage } = await lastUsed(3)
    assert.deepEqual([usage?.input_tokens, usage?.output_tokens, usage?.estimated], [4, 7, false])
  })

  test('is counted of a caller that hangs up', async () => {
    const asked = { model: 'scripted-slowly', messages, stream: true } as const
    for await (const _part of await (await openai('run_that_hangs_up')).chat.completions.create(asked)) break
    const { outcome, usage } = await lastUsed(4)
    assert.deepEqual([outcome, usage?.estimated, usage?.output_tokens], ['cut', true, 100])
  })
})

suite('a refusal is read by the SDK for what it is', () => {
  test('of a model that is not for the caller', async () => {
    const client = await openai()
    const { status, message } = await refused(() => client.chat.completions.create({ model: 'o9', messages }))
    assert.equal(status, 403)
    assert.match(message, /llm\/model.*The model o9 is not open to the caller/)
  })

  test('of a tool that no model is given', async () => {
    const client = await anthropic()
    const tools = [{ name: 'mcp:wiki', input_schema: { type: 'object' as const } }]
    const { status, message, error } = await refused(() =>
      client.messages.create({ model, max_tokens: 9, messages, tools }),
    )
    assert.equal(status, 403)
    assert.match(message, /llm\/tool.*may not be given the tool mcp:wiki/)
    const { type, error: inner } = error as {
      readonly type: string
      readonly error: { readonly type: string }
    }
    assert.deepEqual([type, inner.type], ['error', 'permission_error'])
  })

  test('of what the profile cannot read', async () => {
    const client = await openai()
    const { status, message } = await refused(() =>
      client.chat.completions.create({ model, messages, stream: 'perhaps' as unknown as false }),
    )
    assert.equal(status, 400)
    assert.match(message, /cannot be judged: "stream" must be true or false/)
  })

  for (const [what, type, body] of [
    ['a model that is named twice', 'application/json', '{"model":"scripted","messages":[],"model":"o9"}'],
    ['JSON that says that it is a text', 'text/plain', JSON.stringify({ model, messages })],
  ] as const)
    test(`of ${what}`, async () => {
      const { url, headers } = await gateway.door('langchain-reporting', 'openai')
      const refused = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { ...headers, 'content-type': type },
        body,
      })
      assert.equal(refused.status, 400)
      const { error } = (await refused.json()) as { readonly error: { readonly type: string } }
      assert.equal(error.type, 'invalid_request_error')
    })

  test('of a path that it does not know', async () => {
    const client = await openai()
    const { message } = await refused(() => client.files.list())
    assert.match(message, /llm\/unknown/)
  })
})

test('a run that has used its tokens asks no more, and another run does', async () => {
  const client = await openai('run_of_many')
  const ask = () => client.chat.completions.create({ model, messages })
  // Facts of a run follow the log: it may end a little beyond.
  const { status, message } = await refused(async () => {
    for (let time = 0; time < 100; time++, await sleep(20)) await ask()
  })
  assert.equal(status, 403)
  assert.match(message, /budgets\/run_tokens.*This run has used \d+ tokens of language models; it may use 40/)
  await (await openai('another_run')).chat.completions.create({ model, messages })
})
