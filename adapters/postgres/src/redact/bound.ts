import { bytesMayHoldSecret, redacted } from '@sluice/core'
import { Cursor, int32 } from '../wire.ts'
import { withoutSecretsIn } from './text.ts'

/** The parameters of a Bind without its secrets. */
export interface ClearBound {
  /** Formats and values, as `parseBind` gives them. What was replaced has become text. */
  readonly bytes: Buffer
  /** Of the secrets, latin1. */
  readonly values: readonly string[]
}

/** `secret`: numbers of the parameters that are, as the statement says; `all` where no statement is known. */
export function withoutBoundSecrets(
  bytes: Buffer,
  secret: ReadonlySet<number> | 'all',
): ClearBound | undefined {
  if (secret !== 'all' && secret.size === 0 && !bytesMayHoldSecret(bytes)) return undefined
  const cursor = new Cursor(bytes)
  const formats = Array.from({ length: cursor.uint16() }, () => cursor.int16())
  const count = cursor.uint16()
  const values: string[] = []
  const formatsNow = Array.from(
    { length: count },
    (_, index) => formats[formats.length === 1 ? 0 : index] ?? 0,
  )
  const parts = Array.from({ length: count }, (_, index): Buffer => {
    const length = cursor.int32()
    if (length === -1) return int32(-1)
    const value = cursor.bytes(length).toString('latin1')
    const clear = secret === 'all' || secret.has(index + 1) ? whole(value) : withoutSecretsIn(value)
    if (clear !== undefined) formatsNow[index] = 0
    values.push(...(clear?.values ?? []))
    const now = Buffer.from(clear?.text ?? value, 'latin1')
    return Buffer.concat([int32(now.length), now])
  })
  if (values.length === 0) return undefined
  const head = [count, ...formatsNow, count].map(int16)
  return { bytes: Buffer.concat([...head, ...parts]), values }
}

function whole(value: string): { readonly text: string; readonly values: readonly string[] } {
  return { text: redacted, values: [value] }
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeUInt16BE(value)
  return bytes
}
