import { limits } from './limits.ts'

/**
 * What both sides say before there is a tunnel: one line of JSON each. What a side does not know it passes over, so that
 * a newer one can say more; what it must know has a number in `protocols`.
 */

/** Versions of what follows the two lines. */
export const protocols: readonly number[] = [1]

/** What an agent says. */
export type Hello = { readonly version: string; readonly protocols: readonly number[] } & (
  | { readonly purpose: 'tunnel'; readonly allows: readonly string[] }
  /** `key`: SPKI in DER, base64. */
  | { readonly purpose: 'enrol'; readonly token: string; readonly key: string }
)

/** Why a gateway does not take an agent. The first four do not change by themselves. */
export const refusalCodes = [
  'removed',
  'certificate_expired',
  'certificate_refused',
  'token_refused',
  'incompatible',
  'busy',
  'unavailable',
  'malformed',
] as const
export type AgentRefusalCode = (typeof refusalCodes)[number]

/** What a gateway answers. */
export type Welcome =
  | {
      readonly ok: true
      readonly protocol: number
      readonly gateway: string
      readonly version: string
      /** Of the agent, as the log has it. */
      readonly id: string
      readonly name: string
      /** PEM. With a tunnel only where the present one was renewed. */
      readonly certificate?: string
    }
  | { readonly ok: false; readonly code: AgentRefusalCode; readonly message: string }

/** Throws for what is no hello of any version. */
export function helloFrom(line: string): Hello {
  const said = record(line)
  const hello = {
    version: text(said['version'], limits.versionCharsMax),
    protocols: list(said['protocols'], 'number'),
  }
  switch (said['purpose']) {
    case 'tunnel': {
      const allows = list(said['allows'], 'string').slice(0, limits.allowsMax)
      return { ...hello, purpose: 'tunnel', allows: allows.map((each) => text(each, limits.allowCharsMax)) }
    }
    case 'enrol':
      return {
        ...hello,
        purpose: 'enrol',
        token: text(said['token'], limits.helloBytesMax),
        key: text(said['key'], limits.helloBytesMax),
      }
    default:
      throw new Error('it says no purpose that is known here')
  }
}

/** Throws for what is no answer of a gateway. */
export function welcomeFrom(line: string): Welcome {
  const said = record(line)
  if (said['ok'] !== true) {
    const code = refusalCodes.find((known) => known === said['code']) ?? 'unavailable'
    return { ok: false, code, message: text(said['message'], limits.helloBytesMax) }
  }
  const { protocol, certificate } = said
  if (typeof protocol !== 'number' || !protocols.includes(protocol)) throw new Error('it chose no protocol')
  return {
    ok: true,
    protocol,
    gateway: text(said['gateway'], limits.helloBytesMax),
    version: text(said['version'], limits.helloBytesMax),
    id: text(said['id'], limits.helloBytesMax),
    name: text(said['name'], limits.helloBytesMax),
    ...(typeof certificate === 'string' ? { certificate } : {}),
  }
}

/** The newest that both speak. */
export function chosenProtocol(theirs: readonly number[]): number | undefined {
  return protocols.filter((own) => theirs.includes(own)).toSorted((a, b) => b - a)[0]
}

function record(line: string): Readonly<Record<string, unknown>> {
  const said: unknown = JSON.parse(line)
  if (typeof said !== 'object' || said === null || Array.isArray(said)) throw new Error('it is no object')
  return said as Readonly<Record<string, unknown>>
}

function text(value: unknown, charsMax: number): string {
  if (typeof value !== 'string') throw new Error('it says something else than a text')
  return value.slice(0, charsMax).toWellFormed()
}

function list<Kind extends 'string' | 'number'>(
  value: unknown,
  kind: Kind,
): readonly (Kind extends 'string' ? string : number)[] {
  if (!Array.isArray(value) || !value.every((each) => typeof each === kind))
    throw new Error(`it says something else than a list of ${kind}s`)
  return value
}
