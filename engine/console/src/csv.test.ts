import { test } from 'node:test'
import assert from 'node:assert/strict'
import { csvOf } from './csv.ts'

test('what a spreadsheet would compute stays a text', () => {
  const hostile = [
    '=HYPERLINK("http://x","y")',
    '+1+1',
    '-2+3',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    ' =1',
    '＝1',
    '|cmd',
    '%0A=1',
  ]
  for (const text of hostile) assert.match(csvOf(['a'], [[text]]).slice('a\r\n'.length), /^"?'/, text)
})

test('numbers, quotes and line breaks', () => {
  assert.equal(csvOf(['n', 't'], [[-12.5, 'a"b']]), 'n,t\r\n-12.5,"a""b"\r\n')
  assert.equal(csvOf(['t'], [['one\ntwo'], [null], [{ a: 1 }]]), 't\r\n"one\ntwo"\r\n\r\n"{""a"":1}"\r\n')
  assert.equal(csvOf(['t'], [['-12.5']]), 't\r\n-12.5\r\n')
})

test('a header is hostile as well', () => {
  assert.equal(csvOf(['=1'], []), `"'=1"\r\n`)
})
