import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Undecodable } from '../data-type.ts'
import { everyCut, masked, rules, ssn } from './scripted.ts'

const by = rules({ '$.secret': { method: 'redact' } }, [ssn])

test('each line is a document of its own', () => {
  const lines = '{"secret":1}\n\n{"a":"123-45-6789"}\r\n[{"secret": 1.0}]\n"123-45-6789"'
  const shown = '{"secret":0}\n\n{"a":"[masked]"}\r\n[{"secret": 1.0}]\n"[masked]"'
  for (const cuts of everyCut(lines))
    assert.equal(masked('application/x-ndjson', by, lines, cuts).text, shown)
})

test('a text that is told line by line is masked as one, wherever it is cut', () => {
  const text = 'It is 123-45-6789, so: 987-65-4321'
  for (const [of, place] of [
    [(content: string) => ({ message: { role: 'assistant', content } }), /"content":"([^"]*)"/g],
    [(response: string) => ({ response }), /"response":"([^"]*)"/g],
  ] as const)
    for (const more of [[{ ...of(''), done: true, eval_count: 7 }], []])
      for (let cut = 0; cut <= text.length; cut++) {
        const pieces = [text.slice(0, cut), text.slice(cut, cut + 3), text.slice(cut + 3)]
        const told = [...pieces.map((piece) => ({ model: 'm', ...of(piece), done: false })), ...more]
        const lines = told.map((line) => `${JSON.stringify(line)}\n`).join('')
        const shown = masked('application/x-ndjson', by, lines).text
        assert.equal(
          [...shown.matchAll(place)].map(([, piece]) => piece).join(''),
          'It is [masked], so: [masked]',
        )
        for (const line of shown.trimEnd().split('\n')) assert.doesNotThrow(() => JSON.parse(line), line)
        assert.equal(shown.includes('"eval_count":7'), more.length > 0)
      }
})

test('a line of any length is judged, and not kept', () => {
  const long = `{"done":false,"response":"${'x'.repeat(200_000)}","a":"123-45-6789"}`
  const lines = `${long}\n{"secret":1}\n`
  for (const cuts of [[], [70_000], [65_530, 65_540, 150_000]])
    assert.equal(
      masked('application/x-ndjson', by, lines, cuts).text,
      `${long.replace('123-45-6789', '[masked]')}\n{"secret":0}\n`,
    )
})

test('what is no document in one line is refused, and so is one that is nested too deep', () => {
  const deep = `{"choices":[{"delta":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}]}\n`
  assert.throws(() => masked('application/jsonl', by, deep), Undecodable)
  for (const lines of ['{"secret":\n1}', '{} {}\n', '"a\nb"\n', '{"secret":1}\n{"secret"', '1\n2 3'])
    assert.throws(() => masked('application/jsonl', by, lines), Undecodable)
})
