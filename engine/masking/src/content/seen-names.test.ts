import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeenNames } from './seen-names.ts'

test('a name is known by every byte of it', () => {
  const names = new SeenNames()
  const add = (name: string): void => names.add(Buffer.from(name), 0, Buffer.byteLength(name))
  const has = (name: string): boolean => names.has(Buffer.from(`x${name}y`), 1, 1 + Buffer.byteLength(name))
  add('name')
  assert.ok(has('name'))
  for (const other of ['nome', 'namee', 'nam', '', 'Name']) assert.ok(!has(other), other)
})

test('many names and long ones are forgotten, not mistaken', () => {
  const names = new SeenNames()
  for (let number = 0; number < 2000; number++) {
    const name = Buffer.from(`n${number}`)
    assert.ok(!names.has(name, 0, name.length))
    names.add(name, 0, name.length)
  }
  const long = Buffer.alloc(100, 'a')
  names.add(long, 0, 100)
  assert.ok(!names.has(long, 0, 100))
})
