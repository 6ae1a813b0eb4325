import { test } from 'node:test'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { neutralInput } from './neutral-input.ts'

const schema: object = JSON.parse(
  readFileSync(new URL('../../../schemas/input.schema.json', import.meta.url), 'utf8'),
)

test('it is a complete document of the schema, with every field that a policy may look at', () => {
  const validate = new Ajv({ strict: false }).compile(schema)
  assert.ok(validate(neutralInput), JSON.stringify(validate.errors))
  const { properties } = schema as { readonly properties: Readonly<Record<string, Part>> }
  for (const [name, { properties: parts = {} }] of Object.entries(properties)) {
    const part: unknown = Object.entries(neutralInput).find(([key]) => key === name)?.[1]
    assert.notEqual(part, undefined, name)
    const missing = Object.keys(parts).filter((key) => !Object.hasOwn(Object(part), key))
    assert.deepEqual(missing, [], name)
  }
})

interface Part {
  readonly properties?: Readonly<Record<string, unknown>>
}
