import { readFileSync } from 'node:fs'
import { Ajv, type SchemaObject, type ValidateFunction } from 'ajv'

/** They lie beside this package, of its sources and of its build alike. */
const folder = new URL('../../../../schemas/', import.meta.url)

/**
 * What a schema admits, `of` being the name of its file, and `changed` what of it is other than there. It is compiled when it is first
 * asked for: that takes longer than most commands, which need none. That it is a schema itself is a test and not looked at anew.
 */
export function schema<T>(of: string, changed: SchemaObject = {}): () => ValidateFunction<T> {
  let compiled: ValidateFunction<T> | undefined
  return () => (compiled ??= ajvOfSchemas().compile<T>({ ...readSchema(of), ...changed }))
}

export function readSchema(of: string): SchemaObject {
  return JSON.parse(readFileSync(new URL(of, folder), 'utf8')) as SchemaObject
}

/** Knows our formats, and tells all that is wrong with a value. */
export function ajvOfSchemas(): Ajv {
  const ajv = new Ajv({ allErrors: true, verbose: true, validateSchema: false })
  return ajv.addFormat('url', { type: 'string', validate: (text: string) => URL.canParse(text) })
}
