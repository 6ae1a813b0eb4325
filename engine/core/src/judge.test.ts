import { test } from 'node:test'
import assert from 'node:assert/strict'
import { judge } from './judge.ts'
import type { PolicyDecisionPoint, PolicyInput } from './ports.ts'
import { actionOf, allow, denied, scriptedExchange } from './scripted.ts'

test('policies that change between two actions of one request judge both of them', async () => {
  const asked: string[] = []
  let revision = 'v1'
  const pdp: PolicyDecisionPoint = {
    get revision() {
      return revision
    },
    evaluate({ action }: PolicyInput) {
      const decision = { verdict: revision === 'v1' || action.name === 'two' ? allow : denied, revision }
      asked.push(`${revision} ${action.name}`)
      revision = 'v2'
      return Promise.resolve(decision)
    },
  }
  const actions = [actionOf('one'), actionOf('two')] as const
  const exchange = scriptedExchange({ upstream: [], client: [] }, 'both', [], { actions })
  const ruling = await judge(exchange, pdp, (action) => ({ action }) as PolicyInput)
  assert.deepEqual([ruling.kind, ruling.rule, ruling.revision], ['refused', 'test/deny', 'v2'])
  assert.deepEqual(asked, ['v1 one', 'v2 two', 'v2 one', 'v2 two'])
})
