import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Refused, type Session } from '@sluice/core'
import { catalogueOf, type Catalogue } from './catalogue.ts'
import { CatalogueSource } from './catalogue-source.ts'
import type { PostgresSettings } from './target.ts'

const session = {} as Session<PostgresSettings>

function picture(): Catalogue {
  return catalogueOf({
    relations: [],
    columns: [],
    inherits: [],
    functions: [],
    operators: [],
    types: [],
    fields: [],
  })
}

test('one read serves everybody who asks meanwhile, and is remembered', async () => {
  let reads = 0
  const source = new CatalogueSource(async () => {
    reads++
    return picture()
  })
  const [one, two] = await Promise.all([source.current(session), source.current(session)])
  assert.equal(one, two)
  assert.equal(source.current(session), one)
  assert.equal(reads, 1)
})

test('a change of the schema makes the next question wait for a new read', async () => {
  let reads = 0
  const source = new CatalogueSource(async () => (reads++, picture()))
  const before = await source.current(session)
  source.invalidate()
  const after = source.current(session)
  assert.ok(after instanceof Promise)
  assert.notEqual(await after, before)
  assert.equal(reads, 2)
})

test('a read that began before the change does not satisfy it', async () => {
  const gates: (() => void)[] = []
  let reads = 0
  const source = new CatalogueSource(async () => {
    reads++
    await new Promise<void>((resolve) => gates.push(resolve))
    return picture()
  })
  const first = source.current(session)
  source.invalidate()
  const second = source.current(session)
  gates.shift()?.()
  await first
  while (gates.length === 0) await new Promise((resolve) => setImmediate(resolve))
  gates.shift()?.()
  await second
  assert.equal(reads, 2)
})

test('without a picture nothing can be judged', async () => {
  const source = new CatalogueSource(() => Promise.reject(new Error('permission denied')))
  await assert.rejects(async () => source.current(session), Refused)
})

test('an unknown name does not make every statement read again', async () => {
  let reads = 0
  const source = new CatalogueSource(async () => (reads++, picture()))
  await source.current(session)
  await source.again(session)
  await source.again(session)
  assert.equal(reads, 1)
})
