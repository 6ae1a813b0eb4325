import { hash } from 'node:crypto'
import { limits, type Json } from '@sluice/core'

/** A value as policies see it: a long text is told by what identifies it. */
export function shortened(value: Json): Json {
  if (typeof value === 'string') return text(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return (value as readonly Json[]).map(shortened)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shortened(part)]))
}

function text(value: string): Json {
  if (value.length * 3 <= limits.policyLeafBytesMax) return value
  const bytes = Buffer.byteLength(value)
  if (bytes <= limits.policyLeafBytesMax) return value
  return { type: 'string', bytes, sha256: hash('sha256', value) }
}
