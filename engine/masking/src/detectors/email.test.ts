import assert from 'node:assert/strict'
import { test } from 'node:test'
import { email } from './email.ts'

const found = (text: string): readonly string[] =>
  email.find(text).map(({ start, end }) => text.slice(start, end))

test('an address is found', () => {
  const texts: readonly (readonly [text: string, ...values: string[]])[] = [
    ['write to ann@example.com.', 'ann@example.com'],
    ["<o'neil@mail.example.co.uk>", "o'neil@mail.example.co.uk"],
    ['maría@bücher.de', 'maría@bücher.de'],
    ['?to=a%40b.com&x', 'a%40b.com'],
    ['"x\\nann@b.com"', 'ann@b.com'],
    ['a@b.com,c@d.org', 'a@b.com', 'c@d.org'],
    ['ann＠example.com', 'ann＠example.com'],
    [`${'a'.repeat(80)}@b.com`, `${'a'.repeat(64)}@b.com`],
  ]
  for (const [text, ...values] of texts) assert.deepEqual(found(text), values, text)
})

test('versions, packages, files and hosts are left alone', () => {
  const texts: readonly string[] = [
    'lodash@4.17.21',
    '@scope/pkg',
    'root@localhost',
    'icon@2x.png',
    'getty@tty1.service',
    'a@b@c',
    '@example.com',
  ]
  for (const text of texts) assert.deepEqual(found(text), [], text)
})
