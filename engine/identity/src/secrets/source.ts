import type { Clock, Credential } from '@sluice/core'
import { Cache } from './cache.ts'
import { always, type Fetched, type SecretManager } from './manager.ts'
import { readPlace, usable, type SecretPlace } from './place.ts'
import {
  managedOf,
  nameOf,
  SecretError,
  type LocalReference,
  type Managed,
  type ManagedReference,
  type ManagerName,
  type SecretReference,
} from './reference.ts'
import { objectIn } from './request.ts'

/** `kept`: what was read lately will do. `anew`: the one that is known was refused. */
export type Reading = 'kept' | 'anew'

/** What a reference stands for, for as long as `live` says so. */
export interface Secret<Value> {
  readonly value: Value
  readonly live: () => boolean
}

/** Where secrets come from: the one port behind which all of them are. Rejects with `SecretError`. */
export interface SecretSource {
  read(reference: SecretReference, reading?: Reading): Promise<Secret<string>>
  /** Of a secret that holds a user and its password, as those for databases do. */
  login(reference: ManagedReference, reading?: Reading): Promise<Secret<Credential>>
  /** Gives back what was lent, e.g. the leases of database users. */
  close(): Promise<void>
}

export interface SourceParts extends SecretPlace {
  readonly managers?: ReadonlyMap<ManagerName, SecretManager>
  readonly clock: Clock
}

export function secretSource({ managers = new Map(), clock, ...place }: SourceParts): SecretSource {
  const caches = new Map([...managers].map(([name, manager]) => [name, new Cache(manager, clock)] as const))

  async function fetch({ manager, path }: Managed, name: string, reading: Reading): Promise<Fetched> {
    const cache = caches.get(manager)
    if (cache === undefined)
      throw new SecretError(`${name} cannot be read: the configuration has no secrets.${manager}`)
    try {
      return await cache.fetch(path, reading)
    } catch (error) {
      const why = error instanceof SecretError ? error.message : 'it was not understood'
      throw new SecretError(`${name} cannot be read: ${why}`, { cause: error })
    }
  }

  return {
    async read(reference, reading = 'kept') {
      const managed = managedOf(reference)
      // Local ones cost nothing to read, and whoever changes one expects it to be seen.
      if (managed === undefined)
        return { value: await readPlace(reference as LocalReference, place), live: always }
      const name = nameOf(reference)
      const { content, live } = await fetch(managed, name, reading)
      const text = managed.field === null ? whole(content, name) : fieldOf(content, managed.field, name)
      return { value: usable(text, name), live }
    },
    async login(reference, reading = 'kept') {
      const name = nameOf(reference)
      const managed = managedOf(reference)
      if (managed === undefined) throw new SecretError(`${name} holds no user`)
      const { content, live } = await fetch(managed, name, reading)
      const [user, password] = ['username', 'password'].map((field) => fieldOf(content, field, name))
      return { value: { user: usable(user, name), password: usable(password, name) }, live }
    },
    async close() {
      await Promise.all([...managers.values()].map((manager) => manager.close()))
    },
  }
}

/** Reads a secret that is only a text. */
export async function readSecret(reference: SecretReference, source: SecretSource): Promise<string> {
  return (await source.read(reference)).value
}

function whole(content: Fetched['content'], name: string): string {
  if (typeof content === 'string') return content
  throw new SecretError(
    `${name} has fields: ${Object.keys(content).join(', ')}; write #field behind its path`,
  )
}

/** Texts with fields are JSON objects in every manager that keeps only texts. */
function fieldOf(content: Fetched['content'], field: string, name: string): string {
  const fields = typeof content === 'string' ? objectIn(content) : content
  if (fields === null) throw new SecretError(`${name} is one text, without fields`)
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined
  if (typeof value === 'string') return value
  throw new SecretError(`${name} has no text in a field "${field}"`)
}
