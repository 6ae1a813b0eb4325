import { isUtf8 } from 'node:buffer'
import { refusal, type Refusal, type Run } from '@sluice/core'
import { claimsOfApplication, runOf } from './commenter.ts'
import { settingAllowed } from './settings.ts'
import { Cursor, ProtocolViolation } from './wire.ts'

/** What a client's first packets ask for (PostgreSQL 15 §55.2.1). */
export type Opening =
  | { readonly kind: 'ssl' }
  | { readonly kind: 'gss' }
  | { readonly kind: 'cancel'; readonly id: number; readonly secret: string }
  | { readonly kind: 'startup'; readonly startup: Startup }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

export interface Startup {
  /** Anything, or the id of a minted password. */
  readonly user: string
  /** The database name is the target's name. */
  readonly target: string
  readonly application: string | null
  readonly run: Run
  /** Settings for the target's connection. */
  readonly wanted: ReadonlyMap<string, string>
  /** The minor version that is spoken with it, the one it asked for or an older one. */
  readonly minor: Minor
  /** Options that this gateway does not speak, to be told in NegotiateProtocolVersion with that version; `null`: it gets what it asked for. */
  readonly unspoken: readonly string[] | null
}

const sslCode = 80877103
const gssCode = 80877104
const cancelCode = 80877102
const major = 3
/** The longest that a client may send (PostgreSQL 18 §54.7). */
const cancelSecretBytesMax = 256

/** 3.2 differs from 3.0 in the length of cancel keys alone; 3.1 is reserved. */
export type Minor = 0 | 2

/** Reads one startup packet. Throws `ProtocolViolation` when it is none. */
export function opening(packet: Buffer): Opening {
  const cursor = new Cursor(packet, 4)
  const code = cursor.int32()
  switch (code) {
    case sslCode:
      cursor.finish()
      return { kind: 'ssl' }
    case gssCode:
      cursor.finish()
      return { kind: 'gss' }
    case cancelCode:
      return cancel(cursor)
    default:
      if (code >> 16 !== major)
        return refused(
          '0A000',
          `unsupported frontend protocol ${code >> 16}.${code & 0xffff}: this server supports 3.0 and 3.2`,
        )
      return startup(cursor, code & 0xffff)
  }
}

function cancel(cursor: Cursor): Opening {
  const id = cursor.int32()
  const { left } = cursor
  if (left === 0 || left > cancelSecretBytesMax) throw new ProtocolViolation('invalid length of cancel key')
  return { kind: 'cancel', id, secret: cursor.bytes(left).toString('hex') }
}

function startup(cursor: Cursor, minor: number): Opening {
  const parameters = new Map<string, string>()
  for (;;) {
    const name = cursor.terminated()
    if (name.length === 0) break
    const value = cursor.terminated()
    if (!isUtf8(name) || !isUtf8(value)) return refused('22021', 'invalid byte sequence for encoding "UTF8"')
    if (parameters.has(name.toString())) return refused('08P01', 'a startup parameter is given twice')
    parameters.set(name.toString(), value.toString())
  }
  cursor.finish()
  return admitted(parameters, minor)
}

function admitted(parameters: ReadonlyMap<string, string>, minor: number): Opening {
  const user = parameters.get('user') ?? ''
  if (user === '') return refused('28000', 'no PostgreSQL user name specified in startup packet')
  const wanted = new Map<string, string>()
  const unspoken: string[] = []
  for (const [name, value] of parameters) {
    if (name === 'user' || name === 'database') continue
    if (name === 'replication') {
      if (/^(false|off|no|0)$/i.test(value)) continue
      return refused('0A000', 'replication connections are not possible through this gateway')
    }
    if (name.startsWith('_pq_.')) unspoken.push(name)
    else if (name === 'options') {
      const bad = addOptions(value, wanted)
      if (bad !== null) return bad
    } else if (settingAllowed(name, value)) wanted.set(name.toLowerCase(), value)
    else return refused('42501', `the startup parameter ${quoted(name)} is not admitted through this gateway`)
  }
  const spoken = minor >= 2 ? 2 : 0
  return {
    kind: 'startup',
    startup: described(
      user,
      parameters.get('database') ?? user,
      wanted,
      spoken,
      minor !== spoken || unspoken.length > 0 ? unspoken : null,
    ),
  }
}

function described(
  user: string,
  target: string,
  wanted: Map<string, string>,
  minor: Minor,
  unspoken: readonly string[] | null,
): Startup {
  const application = wanted.get('application_name') ?? null
  const named = runOf(claimsOfApplication(application ?? ''), { id: null, trace_id: null })
  return { user, target, application, run: runOf(wanted, named), wanted, minor, unspoken }
}

/** `-c name=value`, `-cname=value` and `--name=value`, split as the server splits them: blanks, `\` escapes. */
function addOptions(text: string, wanted: Map<string, string>): Opening | null {
  const words = [...text.matchAll(/(?:\\[\s\S]|[^\s\\])+/g)].map(([word]) =>
    word.replaceAll(/\\([\s\S])/g, '$1'),
  )
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const setting = word === '-c' ? (words[++index] ?? '') : word.replace(/^(-c|--)/, '')
    const equals = setting.indexOf('=')
    if (!/^(-c|--)/.test(word) || equals <= 0)
      return refused('42501', 'this startup option is not admitted through this gateway')
    const name = setting.slice(0, equals).replaceAll('-', '_')
    const value = setting.slice(equals + 1)
    if (!settingAllowed(name, value))
      return refused('42501', `the startup option ${quoted(name)} is not admitted through this gateway`)
    wanted.set(name.toLowerCase(), value)
  }
  return null
}

function quoted(name: string): string {
  return `"${name.replaceAll(/[^\w.]/g, '?').slice(0, 63)}"`
}

function refused(state: string, message: string): Opening {
  return { kind: 'refused', refusal: refusal('denied', 'adapter/startup', message, state) }
}

/** The password of a PasswordMessage. */
export function passwordOf(message: Buffer): string {
  const cursor = new Cursor(message, 5)
  const password = cursor.terminated()
  cursor.finish()
  if (!isUtf8(password)) throw new ProtocolViolation('the password is not UTF-8')
  return password.toString()
}
