import { readFileSync } from 'node:fs'

interface Attribute {
  readonly type?: string
  readonly many?: boolean
  readonly required?: boolean
  readonly enum?: readonly string[]
}

interface Shape {
  readonly attributes: Readonly<Record<string, Attribute>>
  readonly constraints?: { readonly at_least_one?: readonly string[] }
}

interface Schema {
  readonly version: string
  readonly classes: Readonly<Record<string, Shape & { readonly name: string }>>
  readonly objects: Readonly<Record<string, Shape>>
}

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/ocsf-1.8.0.json', import.meta.url), 'utf8'),
) as Schema

/** What is wrong with a document by the published schema of its class; tests hold the mapper to it. */
export function ocsfProblems(document: Readonly<Record<string, unknown>>): readonly string[] {
  const uid = String(document['class_uid'])
  const shape = schema.classes[uid]
  if (shape === undefined) return [`there is no class ${uid}`]
  return problemsOf(document, shape, shape.name)
}

function problemsOf(value: object, { attributes, constraints }: Shape, at: string): readonly string[] {
  const problems: string[] = []
  for (const [name, { required }] of Object.entries(attributes))
    if (required === true && !Object.hasOwn(value, name)) problems.push(`${at}.${name} is missing`)
  const choices = constraints?.at_least_one
  if (choices !== undefined && !choices.some((name) => Object.hasOwn(value, name)))
    problems.push(`${at} has none of ${choices.join(', ')}`)
  for (const [name, part] of Object.entries(value)) {
    const attribute = attributes[name]
    if (attribute === undefined) problems.push(`${at} has no attribute ${name}`)
    else if (attribute.many === true && !Array.isArray(part)) problems.push(`${at}.${name} is no list`)
    else
      for (const each of (attribute.many === true ? part : [part]) as readonly unknown[])
        problems.push(...valueProblems(each, attribute, `${at}.${name}`))
  }
  return problems
}

function valueProblems(
  value: unknown,
  { type = '', enum: values }: Attribute,
  at: string,
): readonly string[] {
  if (values !== undefined && !values.includes(String(value)))
    return [`${at} is none of ${values.join(', ')}: ${String(value)}`]
  if (type.startsWith('object:')) {
    if (typeof value !== 'object' || value === null) return [`${at} is no object`]
    const shape = schema.objects[type.slice('object:'.length)]
    return shape === undefined ? [] : problemsOf(value, shape, at)
  }
  const expected = primitives[type]
  return expected === undefined || typeof value === expected ? [] : [`${at} is no ${expected}`]
}

const primitives: Readonly<Record<string, string>> = {
  boolean_t: 'boolean',
  integer_t: 'number',
  long_t: 'number',
  float_t: 'number',
  timestamp_t: 'number',
  string_t: 'string',
  hostname_t: 'string',
  ip_t: 'string',
  username_t: 'string',
  resource_uid_t: 'string',
}
