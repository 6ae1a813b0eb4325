import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { AgentConnectionLine, AgentLine } from '@sluice/api'
import { throughAgent } from './agents.ts'

const target = { name: 'db', address: { host: 'db.internal', port: 5432 } }

function connection(of: Partial<AgentConnectionLine>): AgentConnectionLine {
  return {
    id: 'con_1',
    gateway: 'gw-a',
    since: '2026-01-01T00:00:00.000Z',
    version: '1.0.0',
    client_ip: '10.0.0.1',
    allows: ['db.internal:5432'],
    streams: 0,
    heard_at: null,
    certificate_until: null,
    ...of,
  }
}

function agent(connections: readonly AgentConnectionLine[], of: Partial<AgentLine> = {}): AgentLine {
  const at = '2026-01-01T00:00:00.000Z'
  const invited = { invited_at: at, invited_by: 'carol', expires_at: at, enrolled_at: at }
  return { id: 'agt_1', name: 'vpc', state: 'enrolled', ...invited, connections, ...of }
}

suite('what doctor says of a target behind an agent', () => {
  for (const [what, agents, ok, words] of [
    [
      'whoever asks may not know',
      'only an admin may',
      true,
      /of which the gateway does not tell: only an admin/,
    ],
    ['nobody has enrolled', [], false, /no agent named vpc has enrolled: sluice agents enrol vpc/],
    ['it was removed', [agent([], { state: 'removed' })], false, /no agent named vpc has enrolled/],
    [
      'it is not connected',
      [agent([])],
      false,
      /no agent named vpc is connected: is sluice agent running there/,
    ],
    [
      'it is connected, but not to the gateway that is asked',
      [
        agent([connection({ gateway: 'gw-b', streams: null })]),
        agent([connection({ gateway: 'gw-c', streams: null })]),
      ],
      false,
      /^no agent named vpc is connected to this gateway, but to gw-b, gw-c: start it with --gateway for each/,
    ],
    [
      'it lets through to other places',
      [agent([connection({ allows: ['db.internal:1'] })])],
      false,
      /start it with --allow db\.internal:5432$/,
    ],
    [
      'one of two does not let through',
      [agent([connection({}), connection({ allows: ['what a newer one says'] })])],
      false,
      /\(1 connected\), and not by 1 of its connections/,
    ],
    [
      'what it lets through elsewhere does not count',
      [agent([connection({}), connection({ gateway: 'gw-b', streams: null, allows: [] })])],
      true,
      /db\.internal:5432 is reached by the agent vpc \(1 connected\)$/,
    ],
  ] as const)
    test(`when ${what}`, () => {
      const check = throughAgent(target, 'vpc', agents)
      assert.equal(check.ok, ok)
      assert.match(check.detail, words)
    })
})
