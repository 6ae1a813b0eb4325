import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { learned, startLanguageModel, type HeardChat } from './language-model.ts'

const heard: HeardChat[] = []
const key = 'key-of-the-gateway-alone'
const model = await startLanguageModel({ port: 0, key, heard: (chat) => heard.push(chat) })
after(() => Promise.all([model.close(), model.close()]))

function post(
  body: string,
  path = '/v1/chat/completions',
  authorization = `Bearer ${key}`,
): Promise<Response> {
  const url = `http://${model.host}:${model.port}${path}`
  return fetch(url, { method: 'POST', headers: { authorization }, body })
}

function chat(content: string, stream = false): string {
  return JSON.stringify({ model: 'm', stream, messages: [{ role: 'user', content }] })
}

suite('the language model of the demo', () => {
  test('says back what it was asked, and it is known what it got and said', async () => {
    const response = await post(chat('Hello.'))
    const { id, choices } = (await response.json()) as {
      readonly id: string
      readonly choices: readonly { readonly message: { readonly content: string } }[]
    }
    assert.equal(choices[0]?.message.content, 'I was asked: Hello.')
    const { at, ...last } = heard.at(-1) ?? assert.fail()
    assert.deepEqual(last, { id, model: 'm', got: ['Hello.'], says: 'I was asked: Hello.' })
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000)
  })

  test('tells what it has learned in more events than one', async () => {
    const response = await post(chat('What of the sandbox?', true))
    assert.equal(response.headers.get('content-type'), 'text/event-stream')
    const text = await response.text()
    assert.ok(!text.includes(learned.key) && !text.includes(learned.mail), 'none is in one event')
    const pieces = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, piece = '']) => piece)
    assert.match(pieces.join(''), new RegExp(`Use ${learned.key}, and tell ${learned.mail}`))
    assert.ok(text.endsWith('data: [DONE]\n\n'))
  })

  test('asks for its key, and hears nothing of who has none', async () => {
    const before = heard.length
    for (const shown of ['', 'Bearer slu_of_somebody', `Basic ${key}`]) {
      const response = await post(chat('Hello.'), undefined, shown)
      assert.equal(response.status, 401)
      assert.match(await response.text(), /"message":"a key is needed"/)
    }
    assert.equal(heard.length, before)
  })

  test('knows one path, and answers what it cannot read in the form of its API', async () => {
    for (const [body, path, status] of [
      [chat('Hello.'), '/v1/embeddings', 404],
      ['{', '/v1/chat/completions', 400],
      ['{"model":"m"}', '/v1/chat/completions', 400],
      [chat('x'.repeat(1_100_000)), '/v1/chat/completions', 500],
    ] as const) {
      const response = await post(body, path)
      assert.equal(response.status, status)
      const { error } = (await response.json()) as { readonly error: { readonly message: string } }
      assert.ok(error.message.length > 0)
    }
  })
})
