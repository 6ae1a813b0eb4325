import { isUtf8 } from 'node:buffer'
import { redacted, refusal, type Refusal } from '@sluice/core'
import type { KnownNames } from './catalogue.ts'
import { sqlLimits } from './limits.ts'
import { normalise } from './normalise.ts'
import { parseHere } from './parse.ts'
import { refusedText } from './redact/message.ts'
import { secretsOf, type Secrets } from './redact/text.ts'
import type { Analysis, NameScope } from './statement.ts'

export const notUtf8: Refusal = refusal(
  'malformed',
  'adapter/parse',
  'invalid byte sequence for encoding "UTF8"',
  '22021',
)

const tooLong = refusal(
  'too_large',
  'adapter/limits',
  `The statement is longer than ${String(sqlLimits.statementBytesMax)} bytes. Pass large values as parameters.`,
)

/** What a text says, given as its bytes in latin1. Pure; its time grows with the text. Throws nothing. */
export function meaningOf(text: string, names: NameScope, known: KnownNames): Analysis {
  if (text.length > sqlLimits.statementBytesMax) return objecting(tooLong, secretsOf(text, false))
  const bytes = Buffer.from(text, 'latin1')
  if (!isUtf8(bytes)) return objecting(notUtf8, secretsOf(text, false))
  const parsed = parseHere(bytes.toString())
  if (parsed.kind === 'refused') return objecting(parsed.refusal, secretsOf(text, false))
  return { ...normalise(parsed.tree, names, known, bytes), secrets: secretsOf(text, true) }
}

/** Nobody has read it, so that all that may be recorded of a long text is that there was one. */
export function unread(objection: Refusal, text: string): Analysis {
  return isLong(text)
    ? { ...objecting(objection, withheld), refused: redacted }
    : objecting(objection, secretsOf(text, false))
}

/** It is analysed in the thread beside, and nothing here may take the time to read it. */
export function isLong(text: string): boolean {
  return text.length > sqlLimits.statementInlineBytesMax
}

const withheld: Secrets = { text: redacted, values: [], parameters: new Set() }

/** What the log holds of a text that was refused; `undefined`: all of it. */
export function recordedOfRefused(text: string, { secrets, refused }: Analysis): string | undefined {
  return isLong(text) ? refused : refusedText(text, secrets)
}

function objecting(objection: Refusal, secrets: Secrets | undefined): Analysis {
  return { statements: [], objection, secrets }
}
