import { test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, systemClock, type Clock } from '@sluice/core'
import type { Sources } from './compiler.ts'
import { PolicyError } from './diagnostic.ts'
import { WarmCompiler } from './warm-compiler.ts'
import { writtenFolder } from './written-folder.ts'

/** A clock whose timers wait to be let go. */
function held(): { readonly clock: Clock; readonly waiting: Map<() => void, number> } {
  const waiting = new Map<() => void, number>()
  const after: Clock['after'] = (ms, callback) => {
    waiting.set(callback, ms)
    return { [Symbol.dispose]: () => void waiting.delete(callback) }
  }
  return { clock: { ...systemClock, after }, waiting }
}

function sources(text: string): Sources {
  return { files: { 'a.rego': `package sluice.rules.a\n\n${text}\n` }, data: {} }
}

const good = sources('allow contains {"rule": "a"}')

test('it builds, says what is wrong, survives what kills it, and leaves when it is idle', async () => {
  const { clock, waiting } = held()
  using cache = writtenFolder({})
  await using compiler = new WarmCompiler(cache.path, clock)
  const first = await compiler.build(good)
  assert.ok(first.wasm.length > 0)
  assert.deepEqual([...waiting.values()], [limits.policyCompilerIdleMs])

  await assert.rejects(compiler.build(sources('deny := 1')), PolicyError)
  const deadly = sources(`x := ${'['.repeat(200_000)}${']'.repeat(200_000)}`)
  await assert.rejects(compiler.build(deadly), PolicyError)
  assert.deepEqual((await compiler.build(good)).wasm, first.wasm)

  assert.equal(waiting.size, 1)
  for (const leave of waiting.keys()) leave()
  assert.deepEqual((await compiler.build(good)).wasm, first.wasm)
})

test('one that was never needed was never started', async () => {
  const { clock, waiting } = held()
  await new WarmCompiler(null, clock)[Symbol.asyncDispose]()
  assert.equal(waiting.size, 0)
})
