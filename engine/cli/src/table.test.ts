import { test } from 'node:test'
import assert from 'node:assert/strict'
import { table } from './table.ts'

test('columns are as wide as their widest cell, and nothing trails', () => {
  assert.equal(
    table(
      ['target', 'labels'],
      [
        ['shop', 'env=demo'],
        ['a-longer-name', ''],
      ],
    ),
    ['target         labels\n', 'shop           env=demo\n', 'a-longer-name\n'].join(''),
  )
})

test('without rows the heading stays', () => {
  assert.equal(table(['target', 'labels'], []), 'target  labels\n')
})

test('a name cannot start a line of its own or command the terminal', () => {
  assert.equal(table(['target'], [['a\nb\u001b[2J\u202e']]), 'target\na\\u{a}b\\u{1b}[2J\\u{202e}\n')
})
