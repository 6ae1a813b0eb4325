import { test } from 'node:test'
import assert from 'node:assert/strict'
import { detectorsOf } from './detectors.ts'
import { ConfigDocument } from './document.ts'
import { ConfigError } from './problem.ts'

function mistakes(yaml: string): string {
  const document = new ConfigDocument('sluice.yaml', `masking:\n  detectors:\n${yaml}`)
  const { masking } = document.value as { masking: { detectors: Parameters<typeof detectorsOf>[1] } }
  try {
    detectorsOf(document, masking.detectors)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.message
  }
  return ''
}

test('a pattern that cannot be used is reported with its place, before anything is masked by it', () => {
  assert.equal(mistakes('    - { name: employee, pattern: "EMP-[0-9]{6}", chars_max: 10 }\n'), '')
  assert.match(
    mistakes('    - { name: employee, pattern: "EMP-(", chars_max: 10 }\n'),
    /^sluice\.yaml:3:\d+: detector employee: /m,
  )
  assert.match(mistakes('    - { name: x, pattern: "(?=a)b", chars_max: 10 }\n'), /detector x: /)
  assert.match(mistakes('    - { name: x, pattern: "a*", chars_max: 10 }\n'), /where there is nothing/)
  assert.match(mistakes('    - { name: x, pattern: "a", chars_max: 100000 }\n'), /longest value/)
})

test('a name stands for one thing', () => {
  assert.match(mistakes('    - { name: card, pattern: "a", chars_max: 1 }\n'), /a second detector named card/)
  assert.match(
    mistakes(
      '    - { name: a, pattern: "a", chars_max: 1 }\n    - { name: a, pattern: "b", chars_max: 1 }\n',
    ),
    /:4:\d+: a second detector named a/,
  )
})
