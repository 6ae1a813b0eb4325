import { readFileSync } from 'node:fs'
import { Ajv, type SchemaObject } from 'ajv'
import type { PolicyInput } from '@sluice/core'
import { neutralInput } from '@sluice/policy'
import { ConfigDocument } from '../../config/document.ts'
import { merged } from '../../config/merged.ts'
import { ConfigError } from '../../config/problem.ts'
import { schemaProblems } from '../../config/schema-problems.ts'

/** The schema lies beside this package, of its sources and of its build alike. */
const schemaFile = new URL('../../../../../schemas/input.schema.json', import.meta.url)
const ajv = new Ajv({ allErrors: true, verbose: true })
const validate = ajv.compile<PolicyInput>(JSON.parse(readFileSync(schemaFile, 'utf8')) as SchemaObject)

/**
 * A request of which the file says only what matters; the rest is nobody in particular reading nothing, as in case
 * tables. Throws `ConfigError` with the place of each wrong field and what would be right.
 */
export function readRequest(file: string, text: string): PolicyInput {
  const document = new ConfigDocument(file, text)
  const value = merged(neutralInput, document.value ?? {})
  if (validate(value)) return value
  const request = {
    value,
    written: document.written.bind(document),
    problem: document.problem.bind(document),
  }
  throw new ConfigError(schemaProblems(request, validate.errors ?? []))
}
