import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { MaskRule, Verdict } from '@sluice/core'
import { builtInDetectors } from '@sluice/masking'
import { oblige } from './obligations.ts'

const means = { detectors: builtInDetectors, recognisers: new Map(), pseudonyms: undefined }
const of = (...mask: readonly MaskRule[]): readonly Verdict[] => [
  {
    effect: 'allow',
    reasons: [],
    mask,
    limits: { rows: null, bytes: null, timeout_ms: null },
    approval: null,
    labels: {},
  },
]
const ssn: MaskRule = { detector: 'ssn', method: 'redact', rule: 'r' }

suite('obligations of what runs over SSH', () => {
  test('none, or of relations alone, ask for nothing', () => {
    assert.deepEqual(oblige(of(), 'download', means), { kind: 'plan', plan: null })
    const relation: MaskRule = { relation: 'public.t', column: 'c', method: 'redact', rule: 'r' }
    const none: MaskRule = { detector: 'ssn', method: 'none', rule: 'r' }
    assert.deepEqual(oblige(of(relation, none), null, means), { kind: 'plan', plan: null })
  })

  const streams = (copy: 'upload' | 'download' | null) => {
    const obliged = oblige(of(ssn), copy, means)
    return obliged.kind === 'plan' ? obliged.plan?.streams : obliged.refusal.rule
  }
  test('hide on both streams, and where files are sent only what is said of it', () => {
    assert.deepEqual(streams(null), ['stdout', 'stderr'])
    assert.deepEqual(streams('upload'), ['stderr'])
    assert.equal(streams('download'), 'ssh/copy', 'a file cannot be masked on its way')
  })

  const unkept: readonly MaskRule[] = [
    { path: '$.ssn', method: 'redact', rule: 'r' },
    { detector: 'ssn', of: 'request', method: 'redact', rule: 'r' },
    { detector: 'no such', method: 'redact', rule: 'r' },
    { detector: 'ssn', method: 'hash', rule: 'r' },
  ]
  for (const mask of unkept)
    test(`what cannot be kept is refused: ${JSON.stringify(mask)}`, () => {
      const obliged = oblige(of(mask), null, means)
      assert.equal(obliged.kind === 'refused' && obliged.refusal.code, 'policy_error')
    })
})
