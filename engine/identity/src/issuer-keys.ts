import { readFile } from 'node:fs/promises'
import { importJWK, type CryptoKey } from 'jose'
import { limits, type Clock, type Json } from '@sluice/core'
import { keyType, type Algorithm } from './algorithm.ts'
import type { KeysState } from './issuer-state.ts'
import { fetchDocument, isTrustworthyUrl } from './issuer-document.ts'
import { refuse } from './refuse.ts'
import { isObject, parseObject, type JsonObject } from './strict-json.ts'

interface KeySet {
  readonly keys: readonly JsonObject[]
  /** Imported keys by `algorithm kid`: importing costs more than verifying. */
  readonly imported: Map<string, Promise<CryptoKey>>
  readonly readAt: number
  /** Of the clock on the wall, for people. */
  readonly readMs: number
}

export interface KeyOrigin {
  /** A multi-tenant issuer says of each key whose it is. */
  readonly tenant: string | null
  /** Instead of what the issuer publishes; read again as often. */
  readonly file: string | null
}

/**
 * The public keys of one issuer (OpenID Connect Discovery 1.0, RFC 7517), read when first needed.
 *
 * Rotation: an unknown key id makes them be read again, at most once per `issuerKeysRetryMs`, however many ids a
 * caller invents. Outage: the last keys serve until `issuerKeysLifeMs`, then every token is refused. A key that the
 * issuer removed is gone with the next read, at the latest after `issuerKeysRefreshMs`.
 */
export class IssuerKeys {
  readonly #issuer: string
  readonly #clock: Clock
  readonly #origin: KeyOrigin
  #set: KeySet | undefined
  #triedAt = -Infinity
  #reading: Promise<void> | undefined
  #trouble: string | null = null

  constructor(issuer: string, clock: Clock, origin: KeyOrigin = { tenant: null, file: null }) {
    this.#issuer = issuer
    this.#clock = clock
    this.#origin = origin
  }

  /** Throws `Refused` unless exactly one published key fits. `kid` is looked up and nothing else. */
  async find(kid: string | null, algorithm: Algorithm): Promise<CryptoKey> {
    if (this.#age() > limits.issuerKeysLifeMs) await this.#read()
    else if (this.#age() > limits.issuerKeysRefreshMs) void this.#read()
    if (this.#fitting(kid, algorithm).length === 0) await this.#read()

    const set = this.#set
    if (set === undefined || this.#age() > limits.issuerKeysLifeMs)
      refuse('issuer_unreachable', "The issuer's keys cannot be read now: try again later.")
    const [key, ...others] = this.#fitting(kid, algorithm)
    if (key === undefined || others.length > 0)
      refuse('unknown_key', 'The token is not signed with a key that its issuer publishes.')
    const name = `${algorithm} ${kid ?? ''}`
    const known = set.imported.get(name) ?? imported(key, algorithm)
    set.imported.set(name, known)
    return known
  }

  get state(): KeysState {
    return { readMs: this.#set?.readMs ?? null, count: this.#set?.keys.length ?? 0, trouble: this.#trouble }
  }

  #age(): number {
    return this.#clock.monotonic() - (this.#set?.readAt ?? -Infinity)
  }

  #fitting(kid: string | null, algorithm: Algorithm): readonly JsonObject[] {
    return (this.#set?.keys ?? []).filter((key) => fits(key, kid, algorithm))
  }

  #retryMs(): number {
    return this.#age() > limits.issuerKeysLifeMs ? limits.issuerOutageRetryMs : limits.issuerKeysRetryMs
  }

  /** One read at a time and not too often; a failed one keeps what is there. */
  async #read(): Promise<void> {
    const now = this.#clock.monotonic()
    if (this.#reading === undefined && now - this.#triedAt >= this.#retryMs()) {
      this.#triedAt = now
      const { tenant, file } = this.#origin
      this.#reading = (file === null ? published(this.#issuer) : keySet(file))
        .then((all) => {
          const keys = all.filter((key) => isOf(key['issuer'], this.#issuer, tenant))
          this.#set = { keys, imported: new Map(), readAt: now, readMs: this.#clock.now() }
          this.#trouble = null
        })
        .catch((error: unknown) => {
          this.#trouble = error instanceof Error ? error.message : 'they cannot be read'
        })
        .finally(() => {
          this.#reading = undefined
        })
    }
    await this.#reading
  }
}

async function published(issuer: string): Promise<readonly JsonObject[]> {
  const metadata = await fetchDocument(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  if (metadata['issuer'] !== issuer) throw new Error('the discovery document is of another issuer')
  const uri = metadata['jwks_uri']
  if (typeof uri !== 'string' || !isTrustworthyJwks(uri, issuer))
    throw new Error('jwks_uri is not trustworthy')
  return keysOf(await fetchDocument(uri))
}

async function keySet(file: string): Promise<readonly JsonObject[]> {
  const bytes = await readFile(file)
  if (bytes.length > limits.issuerAnswerBytesMax) throw new Error(`${file} is too long`)
  return keysOf(parseObject(bytes))
}

function keysOf({ keys }: JsonObject): readonly JsonObject[] {
  if (!Array.isArray(keys) || keys.length > limits.issuerKeysMax) throw new Error('not a JSON Web Key Set')
  return keys.filter((key: Json) => isObject(key))
}

/** A key that says whose tokens it signs signs no others': `{tenantid}` in it stands for any tenant. */
function isOf(named: Json | undefined, issuer: string, tenant: string | null): boolean {
  if (named === undefined) return true
  return typeof named === 'string' && named.replace('{tenantid}', tenant ?? '{tenantid}') === issuer
}

/** An issuer of the network must not point the gateway at its own machine. */
function isTrustworthyJwks(uri: string, issuer: string): boolean {
  const bare = uri.replace(/\?[^#]*$/, '')
  return (
    isTrustworthyUrl(bare) && (new URL(issuer).protocol === 'http:' || new URL(uri).protocol === 'https:')
  )
}

function fits(key: JsonObject, kid: string | null, algorithm: Algorithm): boolean {
  const { kty, crv } = keyType(algorithm)
  return (
    (kid === null || key['kid'] === kid) &&
    key['kty'] === kty &&
    (crv === undefined || key['crv'] === crv) &&
    (key['alg'] === undefined || key['alg'] === algorithm) &&
    (key['use'] === undefined || key['use'] === 'sig') &&
    (key['key_ops'] === undefined || (Array.isArray(key['key_ops']) && key['key_ops'].includes('verify'))) &&
    // Whoever publishes a private key shares it with everybody.
    key['d'] === undefined
  )
}

async function imported(key: JsonObject, algorithm: Algorithm): Promise<CryptoKey> {
  const parts = Object.entries(key).filter(([name]) => ['kty', 'crv', 'x', 'y', 'n', 'e'].includes(name))
  if (!parts.every(([, value]) => typeof value === 'string'))
    refuse('unknown_key', 'The issuer publishes a key that cannot be used.')
  const result = await importJWK(Object.fromEntries(parts), algorithm).catch((error: unknown) =>
    refuse('unknown_key', 'The issuer publishes a key that cannot be used.', error),
  )
  if (result instanceof Uint8Array) refuse('unknown_key', 'The issuer publishes a key that is not public.')
  return result
}
