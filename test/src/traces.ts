import { createHash } from 'node:crypto'

/**
 * The forms in which a value may leave: as it is, and what one call of a function makes of it. A finding in bytes
 * that a client got means that the value is out.
 */
export function tracesOf(secret: string): ReadonlyMap<string, Buffer> {
  const bytes = Buffer.from(secret)
  const digits = secret.replaceAll(/\D/g, '')
  const forms = new Map<string, Buffer>([
    ['as it is', bytes],
    ['reversed', Buffer.from(bytes.toReversed())],
    ['in hexadecimal', Buffer.from(bytes.toString('hex'))],
    ['in HEXADECIMAL', Buffer.from(bytes.toString('hex').toUpperCase())],
    ['percent-encoded', Buffer.from(bytes.toString('hex').replaceAll(/../g, '%$&'))],
    ['in UTF-16', Buffer.from(secret, 'utf16le')],
    ...[0, 1, 2].map((shift): [string, Buffer] => [`in base64, shifted by ${shift}`, base64(bytes, shift)]),
  ])
  const url = encodeURIComponent(secret)
  if (url !== secret) forms.set('URL-encoded', Buffer.from(url))
  // Separators are often dropped on the way, but a handful of digits is found anywhere.
  if (digits.length >= 8 && digits !== secret) {
    forms.set('digits only', Buffer.from(digits))
    forms.set('digits only, reversed', Buffer.from(Buffer.from(digits).toReversed()))
  }
  for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
    const digest = createHash(algorithm).update(bytes).digest()
    forms.set(algorithm, digest)
    forms.set(`${algorithm} in hexadecimal`, Buffer.from(digest.toString('hex')))
    forms.set(`${algorithm} in base64`, Buffer.from(digest.toString('base64').replace(/=+$/, '')))
  }
  return forms
}

/** The part of a base64 text that does not depend on what stands before and behind the value. */
function base64(bytes: Buffer, shift: number): Buffer {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
  return Buffer.from(text.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + bytes.length) * 8) / 6)))
}

/** Finds any form of any of the values. */
export class TraceFinder {
  readonly #forms: readonly { readonly what: string; readonly bytes: Buffer }[]

  constructor(secrets: Readonly<Record<string, string>>) {
    this.#forms = Object.entries(secrets).flatMap(([name, secret]) =>
      [...tracesOf(secret)].map(([form, bytes]) => ({ what: `${name} ${form}`, bytes })),
    )
  }

  /** What was found, e.g. `ssn in base64`; `undefined` when nothing was. */
  find(bytes: Uint8Array): string | undefined {
    const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    return this.#forms.find((form) => haystack.includes(form.bytes))?.what
  }
}
