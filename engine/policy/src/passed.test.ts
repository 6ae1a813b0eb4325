import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { limits } from '@sluice/core'
import { keepPassed, passedBefore } from './passed.ts'
import { writtenFolder } from './written-folder.ts'

test('what passed is known by its content, and only where it can be kept', async () => {
  using cache = writtenFolder({})
  assert.equal(await passedBefore(cache.path, 'a'), false)
  await keepPassed(cache.path, 'a')
  assert.equal(await passedBefore(cache.path, 'a'), true)
  assert.equal(await passedBefore(cache.path, 'b'), false)
  await keepPassed(null, 'a')
  assert.equal(await passedBefore(null, 'a'), false)
})

test('the newest marks stay', async () => {
  using cache = writtenFolder({ 'other.policy': '' })
  for (let each = 0; each < limits.policyBuildsMax + 3; each++) await keepPassed(cache.path, String(each))
  assert.equal(readdirSync(cache.path).length, limits.policyBuildsMax + 1)
  assert.equal(await passedBefore(cache.path, String(limits.policyBuildsMax + 2)), true)
})
