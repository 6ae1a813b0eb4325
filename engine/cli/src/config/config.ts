import { readFileSync } from 'node:fs'
import { Ajv, type SchemaObject } from 'ajv'
import { SchemaError, type Address, type Target } from '@sluice/core'
import { adapters } from '../adapters.ts'
import { ConfigDocument, type Located } from './document.ts'
import { overlay } from './overlay.ts'
import { ConfigError, type Problem } from './problem.ts'
import type { IssuerConfig, SecretReference } from '@sluice/identity'
import { schemaProblems } from './schema-problems.ts'

export interface PostgresListen {
  readonly address: Address
  /** PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

export interface TargetConfig {
  readonly target: Target
  readonly credential: { readonly user: string; readonly password: SecretReference }
}

/** What `serve` needs, read once. Paths in it are relative to the file that names them. */
export interface Config {
  readonly file: string
  readonly api: { readonly listen: Address; readonly auditors: readonly string[] }
  readonly listen: { readonly postgres: PostgresListen | null }
  readonly log: { readonly kind: 'embedded'; readonly path: string | null }
  readonly issuers: readonly IssuerConfig[]
  readonly tokenKey: SecretReference | null
  readonly policies: string
  readonly targets: readonly TargetConfig[]
}

/** The file's own shape, as `schemas/config.schema.json` admits it. */
interface RawConfig {
  readonly api?: { readonly listen?: string; readonly roles?: { readonly auditor?: readonly string[] } }
  readonly listen?: {
    readonly postgres?: string | { readonly address: string; readonly tls?: { cert: string; key: string } }
  }
  readonly log?: { readonly kind: 'embedded'; readonly path?: string }
  readonly identity: { readonly issuers: readonly IssuerConfig[] }
  readonly keys?: { readonly tokens?: SecretReference }
  readonly policies: { readonly path: string }
  readonly targets: readonly (Record<string, unknown> & {
    readonly name: string
    readonly protocol: string
    readonly address: string
    readonly credential: TargetConfig['credential']
    readonly labels?: Readonly<Record<string, string>>
  })[]
}

const ajv = new Ajv({ allErrors: true, verbose: true })
ajv.addFormat('url', { type: 'string', validate: (text: string) => URL.canParse(text) })
/** The schema lies beside this package, of its sources and of its build alike. */
const schemaFile = new URL('../../../../schemas/config.schema.json', import.meta.url)
const validate = ajv.compile<RawConfig>(JSON.parse(readFileSync(schemaFile, 'utf8')) as SchemaObject)

/**
 * `below`: a configuration over which the file is laid; the file then needs to say only what is different. Throws
 * `ConfigError` with every problem found, each with its line and what would be right.
 */
export function parseConfig(file: string, text: string, below?: unknown): Config {
  const written = new ConfigDocument(file, text)
  const document = below === undefined ? written : overlay(written, below)
  const { value } = document
  if (!validate(value)) throw new ConfigError(schemaProblems(document, validate.errors ?? []))
  return {
    file,
    api: {
      listen: addressOf(value.api?.listen ?? '127.0.0.1:7400'),
      auditors: value.api?.roles?.auditor ?? [],
    },
    listen: { postgres: listenOf(value.listen?.postgres) },
    log: { kind: 'embedded', path: value.log?.path ?? null },
    issuers: value.identity.issuers,
    tokenKey: value.keys?.tokens ?? null,
    policies: value.policies.path,
    targets: targetsOf(document, value),
  }
}

export function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[|\]$/g, '')
  return { host, port: Number(text.slice(colon + 1)) }
}

function listenOf(value: NonNullable<RawConfig['listen']>['postgres']): PostgresListen | null {
  if (value === undefined) return null
  if (typeof value === 'string') return { address: addressOf(value) }
  const address = addressOf(value.address)
  return value.tls === undefined ? { address } : { address, tls: value.tls }
}

function targetsOf(document: Located, value: RawConfig): readonly TargetConfig[] {
  const found: Problem[] = []
  const names = new Set<string>()
  const targets = value.targets.flatMap((entry, index) => {
    const { name, protocol, address, credential, labels, ...rest } = entry
    const at = ['targets', index]
    if (names.has(name)) found.push(document.problem([...at, 'name'], `a second target named ${name}`))
    names.add(name)
    const adapter = adapters.find((candidate) => candidate.protocol === protocol)
    if (adapter === undefined) return []
    try {
      const settings = adapter.target.parse(rest)
      const target = { name, protocol, labels: labels ?? {}, address: addressOf(address), settings }
      return [{ target, credential }]
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error
      found.push(document.problem([...at, ...error.at], error.message))
      return []
    }
  })
  if (found.length > 0) throw new ConfigError(found)
  return targets
}
