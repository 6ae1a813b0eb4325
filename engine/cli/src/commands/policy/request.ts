import type { PolicyInput } from '@sluice/core'
import { neutralInput } from '@sluice/policy'
import { ConfigDocument } from '../../config/document.ts'
import { merged } from '../../config/merged.ts'
import { ConfigError } from '../../config/problem.ts'
import { schemaProblems } from '../../config/schema-problems.ts'
import { schema } from '../../config/schema.ts'

const inputs = schema<PolicyInput>('input.schema.json')

/**
 * A request of which the file says only what matters; the rest is nobody in particular reading nothing, as in case
 * tables. Throws `ConfigError` with the place of each wrong field and what would be right.
 */
export function readRequest(file: string, text: string): PolicyInput {
  const document = new ConfigDocument(file, text)
  const value = merged(neutralInput, document.value ?? {})
  const admits = inputs()
  if (admits(value)) return value
  const request = {
    value,
    written: document.written.bind(document),
    problem: document.problem.bind(document),
  }
  throw new ConfigError(schemaProblems(request, admits.errors ?? []))
}
