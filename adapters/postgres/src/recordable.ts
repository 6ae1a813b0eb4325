import { shapedSecrets } from '@sluice/core'
import { secretsOfRequest, type Span } from './secrets.ts'
import { Cursor, headerBytes } from './wire.ts'

/** A request as the log may hold it. */
export interface Recordable {
  /** The same messages of the same lengths, each secret overwritten with asterisks. */
  readonly content: Buffer
  /** The secrets, as they were in it. */
  readonly secrets: readonly Buffer[]
}

const query = 0x51
const parse = 0x50
const bind = 0x42
const blank = '*'
/** Shorter ones would be found everywhere. */
const soughtMin = 4

/**
 * Blanks the secrets of a request, and `null` when it has none. `content`: whole messages; `texts`: of the statements
 * that it executes, latin1, which say what the values of a Bind are. What cannot be read is blanked as a whole.
 */
export function recordableOf(content: Buffer, texts: readonly string[]): Recordable | null {
  const spans = spansOf(content, texts)
  if (spans.length === 0) return null
  const changed = Buffer.from(content)
  const secrets: Buffer[] = []
  for (const [from, to] of spans) {
    if (to - from >= soughtMin) secrets.push(content.subarray(from, to))
    changed.fill(blank, from, to)
  }
  // What is a secret in one place is one in every other.
  return { content: withoutSecrets(changed, secrets), secrets }
}

/** A view of the same bytes when none of the secrets is in them. */
export function withoutSecrets(bytes: Uint8Array, secrets: readonly Buffer[]): Buffer {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  let changed: Buffer | undefined
  for (const secret of secrets)
    for (let at = view.indexOf(secret); at !== -1; at = view.indexOf(secret, at + secret.length)) {
      changed ??= Buffer.from(view)
      changed.fill(blank, at, at + secret.length)
    }
  return changed ?? view
}

function spansOf(content: Buffer, texts: readonly string[]): readonly Span[] {
  const spans: Span[] = []
  for (let at = 0; at < content.length;) {
    const end = at + 1 + content.readInt32BE(at + 1)
    spans.push(...spansOfMessage(content, at, end, texts))
    at = end
  }
  return spans
}

function spansOfMessage(content: Buffer, at: number, end: number, texts: readonly string[]): readonly Span[] {
  const cursor = new Cursor(content, at + headerBytes, end)
  switch (content[at]) {
    case query:
      return inText(cursor, texts)
    case parse:
      cursor.terminated()
      return inText(cursor, texts)
    case bind:
      return inValues(cursor, texts)
    default:
      return []
  }
}

function inText(cursor: Cursor, texts: readonly string[]): readonly Span[] {
  const from = cursor.at
  const text = cursor.terminated().toString('latin1')
  const [, ...called] = texts
  return secretsOfRequest([text, ...called]).spans.map(([a, b]): Span => [from + a, from + b])
}

function inValues(cursor: Cursor, texts: readonly string[]): readonly Span[] {
  cursor.terminated()
  cursor.terminated()
  cursor.bytes(2 * cursor.uint16())
  const { isParameter } = secretsOfRequest(texts)
  const spans: Span[] = []
  for (let index = 1, count = cursor.uint16(); index <= count; index++) {
    const length = cursor.int32()
    if (length === -1) continue
    const from = cursor.at
    const value = cursor.bytes(length)
    if (isParameter(index)) spans.push([from, from + length])
    else for (const [a, b] of shapedSecrets(value.toString('latin1'))) spans.push([from + a, from + b])
  }
  return spans
}
