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

test('what is no document in one line is refused', () => {
  for (const lines of ['{"secret":\n1}', '{} {}\n', '"a\nb"\n', '{"secret":1}\n{"secret"', '1\n2 3'])
    assert.throws(() => masked('application/jsonl', by, lines), Undecodable)
})
