import { test } from 'node:test'
import assert from 'node:assert/strict'
import { escapedJson } from './escaped-json.ts'

test('JSON stays what it says, and no terminal obeys it', () => {
  const said = {
    title: '\u009b2J\u009d0;x\u009c\u007f\u001b[2J',
    turned: '\u202eabc\u2066\u2028',
    tag: '\u{e0041}é漢',
  }
  const escaped = escapedJson(JSON.stringify(said))
  assert.deepEqual(JSON.parse(escaped), said)
  assert.doesNotMatch(escaped, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  assert.match(escaped, /é漢/)
})
