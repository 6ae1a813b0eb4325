import ssh2 from 'ssh2'
import { SchemaError, type CredentialNeed, type Schema } from '@sluice/core'
import { hostKeySignatures } from './algorithms.ts'
import { loginPattern } from './login-name.ts'

/** A public key, as it is on the wire. */
export interface HostKey {
  readonly type: string
  readonly blob: Buffer
}

/** What an SSH target needs beside its address and credential. */
export interface SshSettings {
  /** The keys by which the host is known; another one is never accepted. */
  readonly host_key: readonly HostKey[]
  /** The authorities that say by a certificate which keys are of the host. */
  readonly host_ca: readonly HostKey[]
  /** By which name such a certificate calls the host; `null`: as its address does. */
  readonly host_name: string | null
  /** As whom callers may log in besides the user of the credential, which must be good for these too. */
  readonly logins: readonly string[]
  /** Variables that callers may set, besides their language. A name may end with `*`. */
  readonly env: readonly string[]
  readonly connect_timeout_ms: number
  /** An interactive shell ends after so long. */
  readonly shell_max_ms: number
  /** Of what a caller sends to one command, so much is recorded; of all of it the hash. */
  readonly stdin_record_bytes_max: number
}

const defaults = {
  host_key: [],
  host_ca: [],
  host_name: null,
  logins: [],
  env: [],
  connect_timeout_ms: 10_000,
  shell_max_ms: 3_600_000,
  stdin_record_bytes_max: 1_048_576,
} as const

type Readers = { readonly [Key in keyof SshSettings]: (value: unknown, key: string) => SshSettings[Key] }

const readers: Readers = {
  host_key: hostKeysOf,
  host_ca: hostKeysOf,
  host_name: hostNameOf,
  logins: (value, key) => list(value, key, loginPattern, 'user names'),
  env: (value, key) => list(value, key, /^[A-Za-z_][A-Za-z0-9_]{0,127}\*?$/, 'names of variables'),
  connect_timeout_ms: (value, key) => whole(value, key, 1, 3_600_000),
  shell_max_ms: (value, key) => whole(value, key, 1_000, 86_400_000),
  stdin_record_bytes_max: (value, key) => whole(value, key, 0, 1_073_741_824),
}
const names = Object.keys(readers)

export const sshTarget: Schema<SshSettings> = { parse }

/** A user, and a password, a private key or a certificate. */
export function credentialNeed(): CredentialNeed {
  return 'login or certificate'
}

function parse(value: unknown): SshSettings {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SchemaError([], 'must be a mapping')
  const settings: Record<string, unknown> = { ...defaults }
  for (const [key, given] of Object.entries(value)) {
    if (!isSetting(key)) throw new SchemaError([key], `unknown key "${key}"; there are ${names.join(', ')}`)
    settings[key] = readers[key](given, key)
  }
  if (!('host_key' in value || 'host_ca' in value)) throw new SchemaError(['host_key'], unpinned)
  return settings as unknown as SshSettings
}

function isSetting(key: string): key is keyof SshSettings {
  return Object.hasOwn(readers, key)
}

const unpinned =
  'this target needs "host_key", the public key of its host, or "host_ca", that of who certifies it: nobody is trusted at first sight. ' +
  'Take the line of /etc/ssh/ssh_host_ed25519_key.pub there, or run `ssh-keyscan -t ed25519 -p <port> <host>`, ' +
  'compare `ssh-keygen -lf -` of it with the host’s own, and write it without the name in front'

function hostKeysOf(value: unknown, key: string): readonly HostKey[] {
  const lines: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (lines.length === 0) throw new SchemaError([key], unpinned)
  return lines.map((line) => hostKeyOf(line, key))
}

function hostNameOf(value: unknown, key: string): string {
  if (typeof value === 'string' && /^[A-Za-z0-9._:-]{1,253}$/.test(value)) return value
  throw new SchemaError([key], `"${key}" must be the name of a host, as its certificate says it`)
}

function hostKeyOf(line: unknown, key: string): HostKey {
  const wrong = new SchemaError(
    [key],
    `"${key}" must be a public key such as "ssh-ed25519 AAAA…", or a list of them: ${Object.keys(hostKeySignatures).join(', ')}`,
  )
  if (typeof line !== 'string') throw wrong
  const [type = '', base64 = ''] = line.trim().split(/\s+/)
  const parsed = ssh2.utils.parseKey(`${type} ${base64}`)
  if (parsed instanceof Error || parsed.isPrivateKey()) throw wrong
  if (!Object.hasOwn(hostKeySignatures, parsed.type) || parsed.type !== type) throw wrong
  return { type, blob: parsed.getPublicSSH() }
}

function list(value: unknown, key: string, pattern: RegExp, what: string): readonly string[] {
  const wrong = new SchemaError([key], `"${key}" must be a list of ${what}`)
  if (!Array.isArray(value)) throw wrong
  return value.map((each: unknown) => {
    if (typeof each !== 'string' || !pattern.test(each)) throw wrong
    return each
  })
}

function whole(value: unknown, key: string, least: number, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value
  throw new SchemaError([key], `"${key}" must be a whole number from ${least} to ${most}`)
}
