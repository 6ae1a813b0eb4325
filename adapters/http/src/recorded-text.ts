import { isUtf8 } from 'node:buffer'
import { redacted, saysSecret, withoutSecrets } from '@sluice/core'
import type { Headers } from './replies.ts'

/** Names whose values are secrets whatever they look like. */
const secret = /^(?:authorization|proxy-authorization|cookie|set-cookie|x-amz-security-token)$/

export function isSecret(name: string): boolean {
  return secret.test(name) || saysSecret(name)
}

/** The head of a message as it is recorded: as on the wire, but no secret. `line` is its first line, which may hold some too. */
export function recordedHead(line: string, headers: Headers): string {
  const shown = headers.map(([name, value]) => `${name}: ${recordedValue(name, value)}\r\n`)
  return `${withoutSecrets(line)}\r\n${shown.join('')}\r\n`
}

function recordedValue(name: string, value: string): string {
  if (name === 'set-cookie') return `${value.split('=', 1)[0]}=${redacted}`
  return isSecret(name) ? redacted : withoutSecrets(value)
}

/** The same bytes where they hold no secret that tells what it is. */
export function recordedBody(body: Buffer): Buffer {
  if (body.length === 0 || !isUtf8(body)) return body
  const text = body.toString()
  const clear = withoutSecrets(text)
  return clear === text ? body : Buffer.from(clear)
}
