import { test } from 'node:test'
import assert from 'node:assert/strict'
import { ajvOfSchemas, readSchema } from './schema.ts'

for (const name of ['config.schema.json', 'input.schema.json', 'verdict.schema.json'])
  test(`${name} is a schema`, () => {
    const ajv = ajvOfSchemas()
    assert.ok(ajv.validateSchema(readSchema(name)), ajv.errorsText())
  })

test('and what is none would be told', () => {
  assert.equal(ajvOfSchemas().validateSchema({ type: 'objekt' }), false)
})
