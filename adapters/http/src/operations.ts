import { SchemaError } from '@sluice/core'
import { canonicalPath, segmentsOf } from './path.ts'
import { methods } from './request-line.ts'

/** One path of an OpenAPI document. Plain data: it is part of a target's settings. */
export interface Template {
  /** As it is written, e.g. `/customers/{id}`. */
  readonly path: string
  /** `operationId` by method, e.g. `GET`. An operation without one is there as `null`. */
  readonly operations: { readonly [method: string]: string | null }
}

const templatesMax = 5_000

/** Reads the paths of an OpenAPI 3 document; nothing else of it is looked at. Throws `SchemaError`. */
export function templatesOf(document: unknown, at: readonly string[]): readonly Template[] {
  const version = mapping(document, at, 'an OpenAPI 3 document').get('openapi')
  if (typeof version !== 'string' || !version.startsWith('3.'))
    throw new SchemaError(at, 'must be an OpenAPI 3 document')
  const paths = mapping(mapping(document, at, 'a mapping').get('paths'), [...at, 'paths'], 'a mapping')
  if (paths.size > templatesMax)
    throw new SchemaError([...at, 'paths'], `must have at most ${templatesMax} paths`)
  const shapes = new Set<string>()
  return [...paths].map(([path, item]) => {
    const place = [...at, 'paths', path]
    const shape = shapeOf(path, place)
    if (shapes.has(shape)) throw new SchemaError(place, 'means the same as another path of the document')
    shapes.add(shape)
    return { path, operations: operationsOf(mapping(item, place, 'a mapping'), place) }
  })
}

function operationsOf(item: ReadonlyMap<string, unknown>, at: readonly string[]): Template['operations'] {
  const found = methods.flatMap((method): [string, string | null][] => {
    const key = method.toLowerCase()
    if (!item.has(key)) return []
    const id = mapping(item.get(key), [...at, key], 'a mapping').get('operationId')
    return [[method, typeof id === 'string' ? id : null]]
  })
  return Object.fromEntries(found)
}

function mapping(value: unknown, at: readonly string[], what: string): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SchemaError(at, `must be ${what}`)
  return new Map(Object.entries(value))
}

const parameter = /\{[^{}/]*\}/g

/** The template with nothing but the places of its parameters, to compare with others. */
function shapeOf(path: string, at: readonly string[]): string {
  const several = path.split('/').some((segment) => [...segment.matchAll(parameter)].length > 1)
  if (several || !path.startsWith('/') || !isPath(path.replaceAll(parameter, 'x')))
    throw new SchemaError(at, 'must be a path with at most one parameter between two slashes')
  return path.replaceAll(parameter, '{}')
}

/** What is no path could never be asked for; it is a mistake of the document. */
function isPath(path: string): boolean {
  try {
    return canonicalPath(path) !== ''
  } catch {
    return false
  }
}

export interface Match {
  readonly path: string
  /** `null`: the document has no operation of this method there, or it has no id. */
  readonly id: string | null
}

/** Finds the most concrete template of a path. */
export class Operations {
  readonly #templates: readonly Compiled[]

  constructor(templates: readonly Template[], caseless: boolean) {
    this.#templates = templates.map((template) => compiled(template, caseless)).toSorted(concreteFirst)
  }

  at(method: string, segments: readonly string[]): Match | null {
    const found = this.#templates.find(
      ({ matchers }) =>
        matchers.length === segments.length &&
        matchers.every((matches, index) => matches(segments[index] ?? '')),
    )
    if (found === undefined) return null
    const { path, operations } = found.template
    return { path, id: operations[method] ?? (method === 'HEAD' ? operations['GET'] : null) ?? null }
  }
}

interface Compiled {
  readonly template: Template
  readonly matchers: readonly ((segment: string) => boolean)[]
  /** One sign a segment: how much of it is open. */
  readonly rank: string
}

function compiled(template: Template, caseless: boolean): Compiled {
  const path = caseless ? template.path.toLowerCase() : template.path
  const raw = path.replace(/\/$/, '').split('/').slice(1)
  return {
    template,
    matchers: raw.map(matcher),
    rank: raw
      .map((segment) =>
        segment.startsWith('{') && segment.endsWith('}') ? 2 : segment.includes('{') ? 1 : 0,
      )
      .join(''),
  }
}

function matcher(segment: string): (given: string) => boolean {
  const open = segment.indexOf('{')
  if (open < 0) {
    const [literal] = segmentsOf(canonicalPath(`/${segment}`))
    return (given) => given === literal
  }
  const before = segment.slice(0, open)
  const after = segment.slice(segment.indexOf('}') + 1)
  return (given) =>
    given.length > before.length + after.length && given.startsWith(before) && given.endsWith(after)
}

function concreteFirst(one: Compiled, other: Compiled): number {
  if (one.rank === other.rank) return 0
  return one.rank < other.rank ? -1 : 1
}
