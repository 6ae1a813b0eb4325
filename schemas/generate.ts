import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format } from 'prettier'
import type { AvroField, AvroRecord, AvroType } from './src/avro.ts'

/**
 * Writes `src/generated/events.ts`: the TypeScript types of the events and their schemas as constants, so that
 * nothing reads a schema file while the gateway runs. `--check` compares instead and fails on a difference.
 */

const folder = fileURLToPath(new URL('events/', import.meta.url))
const target = fileURLToPath(new URL('src/generated/events.ts', import.meta.url))

const schemas = globSync('*.avsc', { cwd: folder })
  .toSorted()
  .map((file) => JSON.parse(readFileSync(folder + file, 'utf8')) as AvroRecord)
/** Schemas by which earlier versions wrote; what they wrote is read as the present version of its type. */
const older = globSync('older/*.avsc', { cwd: folder })
  .toSorted()
  .map((file) => JSON.parse(readFileSync(folder + file, 'utf8')) as AvroRecord)
const envelope = schemas.find(({ name }) => name === 'Envelope')
const events = schemas.filter((schema) => schema !== envelope)
if (envelope === undefined) throw new Error('there is no envelope.avsc')

/** Records that are named inside an event: one interface each, however many events use it. */
const nested = new Map<string, AvroRecord>()

const bodies = events.map((event) => `${comment(event.doc)}readonly ${event.name}: ${object(event.fields)}`)
const envelopeBody = object(envelope.fields)
const source = `// Generated from events/*.avsc by generate.ts: run \`npm run generate\` after a change there.
import type { AvroRecord } from '../avro.ts'

${[...nested.values()].map(({ name, fields }) => `export interface ${name} ${object(fields)}`).join('\n\n')}

/** The data of each type of event. */
export interface EventData {
  ${bodies.join('\n')}
}

${comment(envelope.doc)}export interface Envelope ${envelopeBody}

export const envelopeSchema: AvroRecord = ${JSON.stringify(envelope)}

export const eventSchemas: { readonly [T in keyof EventData]: AvroRecord & { readonly version: number } } = {
  ${events.map((event) => `${event.name}: ${JSON.stringify(versioned(event))}`).join(',\n')}
}

/** Schemas of earlier versions, by which events may still lie in the log. */
export const olderSchemas: readonly (AvroRecord & { readonly version: number })[] = [
  ${older.map((event) => JSON.stringify(versioned(event))).join(',\n')}
]
`
const generated = await format(source, {
  parser: 'typescript',
  semi: false,
  singleQuote: true,
  printWidth: 110,
})

if (!process.argv.includes('--check')) writeFileSync(target, generated)
else if (readFileSync(target, 'utf8') !== generated) {
  console.error('src/generated/events.ts is not what events/*.avsc say: run npm run generate')
  process.exitCode = 1
}

function versioned(event: AvroRecord): AvroRecord {
  if (event.version === undefined) throw new Error(`${event.name}.avsc has no version`)
  return event
}

function object(fields: readonly AvroField[]): string {
  return `{${fields.map(({ name, type, doc }) => `${comment(doc)}readonly ${name}: ${typescript(type)}`).join('\n')}}`
}

function comment(doc: string | undefined): string {
  return doc === undefined ? '' : `/** ${doc} */\n`
}

function typescript(type: AvroType): string {
  if (typeof type === 'string') return primitive(type)
  if (!('type' in type)) return type.map(typescript).toReversed().join(' | ')
  switch (type.type) {
    case 'array':
      return `readonly ${typescript(type.items)}[]`
    case 'enum':
      return type.symbols.map((symbol) => `'${symbol}'`).join(' | ')
    case 'fixed':
      return 'Uint8Array'
    case 'record':
      return named(type)
  }
}

function named(record: AvroRecord): string {
  const known = nested.get(record.name)
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(record))
    throw new Error(`two events disagree about ${record.name}`)
  nested.set(record.name, record)
  return record.name
}

function primitive(type: string): string {
  switch (type) {
    case 'string':
      return 'string'
    case 'long':
    case 'int':
      return 'number'
    case 'bytes':
    case 'Sha256':
      return 'Uint8Array'
    case 'boolean':
      return 'boolean'
    case 'null':
      return 'null'
    default:
      throw new Error(`no TypeScript type for ${type}`)
  }
}
