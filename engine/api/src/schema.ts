/** The few shapes of JSON schema that routes are described with. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

/** A route as the OpenAPI document tells it, and as its requests and answers are held to. */
export interface RouteSchema {
  readonly summary: string
  readonly description?: string
  readonly params?: JsonSchema
  readonly querystring?: JsonSchema
  readonly body?: JsonSchema
  readonly response: { readonly [status: number]: JsonSchema }
}

export const text: JsonSchema = { type: 'string' }
export const time: JsonSchema = { type: 'string', format: 'date-time' }
export const count: JsonSchema = { type: 'integer', minimum: 0 }
export const flag: JsonSchema = { type: 'boolean' }
/** Whatever JSON there is. */
export const anything: JsonSchema = {}

/** All of these and nothing else. */
export function object(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties }
}

/** Any of these and nothing else. */
export function options(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', additionalProperties: false, properties }
}

export function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items }
}

export function map(values: JsonSchema): JsonSchema {
  return { type: 'object', additionalProperties: values }
}

export function oneOf(...values: readonly string[]): JsonSchema {
  return { type: 'string', enum: values }
}

export function nullable(schema: JsonSchema): JsonSchema {
  return { anyOf: [schema, { type: 'null' }] }
}

/** RFC 9457. */
export const problem: JsonSchema = {
  type: 'object',
  additionalProperties: true,
  required: ['type', 'title', 'status', 'detail'],
  properties: { type: text, title: text, status: count, detail: text },
}

/** A path with one id in it. */
export function idOf(prefix: string): JsonSchema {
  return object({ id: { type: 'string', pattern: `^${prefix}_[0-9A-Z]{26}$` } })
}

/** A name or an id, which is looked for as it is. */
export const short: JsonSchema = { type: 'string', minLength: 1, maxLength: 500 }

/** Why somebody does what they do. */
export const reason: JsonSchema = { type: 'string', maxLength: 500 }

/** It may come without one. */
export const noBody: JsonSchema = { ...options({}), type: ['object', 'null'] }

/** What a route answers, and how it refuses. */
export function answers(
  ok: JsonSchema,
  ...refusals: readonly number[]
): { readonly [status: number]: JsonSchema } {
  const refused = { content: { 'application/problem+json': { schema: problem } }, description: 'Refused.' }
  return {
    200: { description: 'Done.', ...ok },
    ...Object.fromEntries([400, 401, 429, ...refusals].map((status) => [status, refused])),
  }
}
