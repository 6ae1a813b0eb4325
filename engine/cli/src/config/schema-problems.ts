import type { ErrorObject } from 'ajv'
import type { Located, Path } from './document.ts'
import { isMapping } from './merged.ts'
import { nearest } from './nearest.ts'
import type { Problem } from './problem.ts'

/** Of the errors that get words of their own. */
interface Params {
  readonly additionalProperty?: string
  readonly allowedValues?: readonly unknown[]
  readonly missingProperty?: string
}

/** What a schema says against a document (`allErrors` and `verbose`), in the order of its lines. */
export function schemaProblems(document: Located, errors: readonly ErrorObject[]): readonly Problem[] {
  const seen = new Map<string, Problem>()
  // A failed `oneOf` repeats every branch's complaint: the branches say nothing that a person needs.
  // A failed `if` says no more than the branch that it leads to.
  const relevant = errors.filter(
    ({ schemaPath, keyword }) => !/\/(oneOf|anyOf)\//.test(schemaPath) && keyword !== 'if',
  )
  for (const error of (relevant.length > 0 ? relevant : errors).filter((one) => !isSaidBetter(one, errors))) {
    const path = pathOf(error.instancePath, document.value)
    const problem = problemOf(document, path, error)
    seen.set(`${problem.line}:${problem.column}:${problem.message}`, problem)
  }
  return [...seen.values()].toSorted((a, b) => a.line - b.line)
}

function problemOf(document: Located, path: Path, error: ErrorObject): Problem {
  const written = document.written(path)
  const name = written.length === 0 ? 'the file' : written.join('.')
  const params = error.params as Params
  if (params.additionalProperty !== undefined) {
    const known = Object.keys((error.parentSchema?.['properties'] ?? {}) as object)
    const near = nearest(params.additionalProperty, known)
    const hint = near === null ? `valid keys: ${known.join(', ')}` : `did you mean "${near}"?`
    const where = written.length === 0 ? '' : ` in ${name}`
    return document.problem(
      [...path, params.additionalProperty],
      `unknown key "${params.additionalProperty}"${where}`,
      hint,
    )
  }
  if (params.missingProperty !== undefined) {
    const near = nearest(params.missingProperty, strangers(error))
    const hint = near === null ? null : `is "${near}" meant?`
    return document.problem(
      [...path, near ?? params.missingProperty],
      `${name} lacks "${params.missingProperty}"`,
      hint,
    )
  }
  if (params.allowedValues !== undefined) {
    const allowed = params.allowedValues.map(String)
    const near = nearest(String(error.data), allowed)
    const hint = near === null ? `one of: ${allowed.join(', ')}` : `did you mean "${near}"?`
    return document.problem(path, `${name} cannot be "${String(error.data)}"`, hint)
  }
  const expected = (error.parentSchema?.['description'] as string | undefined) ?? null
  // "must match exactly one schema in oneOf" helps nobody: the description says which forms there are.
  const what = expected !== null && /^(oneOf|anyOf)$/.test(error.keyword) ? 'is not valid' : error.message
  return document.problem(path, `${name} ${what ?? 'is not valid'}`, expected)
}

/** A misspelt key is unknown, and the right one is missing: the former says both. */
function isSaidBetter(
  { instancePath, params, ...error }: ErrorObject,
  errors: readonly ErrorObject[],
): boolean {
  const { missingProperty } = params as Params
  if (missingProperty === undefined) return false
  const near = nearest(missingProperty, strangers(error))
  return errors.some(
    (other) =>
      other.instancePath === instancePath &&
      near !== null &&
      (other.params as Params).additionalProperty === near,
  )
}

/** Keys that the schema does not know: in one of them the missing key may be misspelt. */
function strangers({ data, parentSchema }: Pick<ErrorObject, 'data' | 'parentSchema'>): readonly string[] {
  const known = (parentSchema?.['properties'] ?? {}) as object
  return isMapping(data) ? Object.keys(data).filter((key) => !Object.hasOwn(known, key)) : []
}

/** A JSON pointer as the path of keys and indices that the document knows. */
function pathOf(pointer: string, root: unknown): Path {
  let value = root
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
      const step = Array.isArray(value) ? Number(key) : key
      value = (value as Record<string | number, unknown> | undefined)?.[step]
      return step
    })
}
