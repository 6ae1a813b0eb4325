import { type Json } from '@sluice/core'
import type { Catalogue } from './catalogue.ts'
import type { Names } from './analyser.ts'
import type { Source } from './source.ts'
import type { RelationName, Statement } from './statement.ts'
import { sqlLimits } from './limits.ts'
import type { Searched } from './redact/text.ts'

/** A prepared statement: where its text is, so that each execution is judged anew. */
export interface Prepared extends Searched {
  /** The number of its statement in the whole text that it came in. */
  readonly index: number
  /** SQL's PREPARE: the statement is the body of the one in the text. */
  readonly body: boolean
  /** OIDs of the parameter types as far as they are known. */
  types: readonly number[]
}

/** A portal or cursor: its plan is made, so is what it will do. */
export interface Portal extends Searched {
  /** What it does: for EXECUTE and FETCH, what they stand for. */
  readonly statement: Statement
  /** What was written, and where its text is. */
  readonly written: Statement
  readonly index: number
  readonly catalogue: Catalogue
  readonly values: readonly Json[]
  readonly source: Source
  /** DECLARE may outlive its transaction; Bind never does. */
  readonly declared: boolean
}

/** What a message changes on the server, if everything goes well. Settled once, by what the server then says. */
export interface Effect {
  /** The message was allowed and is on its way. */
  readonly sent: () => void
  /** The server has done it. */
  readonly done: () => void
  /** It never will. */
  readonly dropped: () => void
}

type Lookup<T> =
  { readonly kind: 'found'; readonly value: T } | { readonly kind: 'none' } | { readonly kind: 'unsettled' }

/**
 * Names that a client gives on the server. A name counts when the server has confirmed it; before that only within
 * the same segment (up to Sync), where whatever could undo it would make the server skip its use as well.
 */
export class NameTable<T> {
  readonly #confirmed = new Map<string, T>()
  readonly #proposed = new Map<string, { readonly value: T; readonly segment: number; sent: boolean }[]>()

  get full(): boolean {
    return this.#confirmed.size + this.#proposed.size >= sqlLimits.sessionNamesMax
  }

  lookup(name: string, segment: number): Lookup<T> {
    const proposals = this.#proposed.get(name)
    const last = proposals?.[proposals.length - 1]
    if (last !== undefined)
      return last.segment === segment ? { kind: 'found', value: last.value } : { kind: 'unsettled' }
    const value = this.#confirmed.get(name)
    return value === undefined ? { kind: 'none' } : { kind: 'found', value }
  }

  /** A message that was allowed has carried this name to the server: it is no secret of a refused one. */
  carried(name: string): boolean {
    return this.#confirmed.has(name) || (this.#proposed.get(name) ?? []).some(({ sent }) => sent)
  }

  propose(name: string, value: T, segment: number): Effect {
    const proposal = { value, segment, sent: false }
    const proposals = this.#proposed.get(name)
    if (proposals === undefined) this.#proposed.set(name, [proposal])
    else proposals.push(proposal)
    let open = true
    const settle = (confirmed: boolean): void => {
      if (!open) return
      open = false
      if (confirmed) this.#confirmed.set(name, value)
      const rest = (this.#proposed.get(name) ?? []).filter((other) => other !== proposal)
      if (rest.length === 0) this.#proposed.delete(name)
      else this.#proposed.set(name, rest)
    }
    return {
      sent: () => {
        proposal.sent = true
      },
      done: () => settle(true),
      dropped: () => settle(false),
    }
  }

  remove(name: string): void {
    this.#confirmed.delete(name)
  }

  removeIf(gone: (value: T) => boolean): void {
    for (const [name, value] of this.#confirmed) if (gone(value)) this.#confirmed.delete(name)
  }
}

/** How many different search paths one session may make possible before it has to connect anew. */
const searchPathsMax = 8

/** A change of names that a message on its way will make. */
interface Change {
  readonly segment: number
  readonly temporary?: string
  readonly creates?: RelationName
  readonly reshapes?: readonly RelationName[]
  readonly moves?: true
}

/**
 * Where unqualified names may lead on this connection: everything that could be in force, since a SET may be rolled
 * back. What a message creates counts once it was allowed and is on its way; before that only within its segment,
 * because a refusal makes the rest of that be skipped.
 */
export class SearchScope {
  readonly #schemas: readonly string[]
  #paths: readonly (readonly string[])[]
  readonly #temporary = new Set<string>()
  readonly #created = new Map<string, RelationName>()
  readonly #reshaped = new Map<string, RelationName>()
  #moved = false
  #changes: readonly Change[] = []
  #names: Names | undefined

  constructor(schemas: readonly string[]) {
    this.#schemas = schemas
    this.#paths = [schemas]
  }

  /** As a message of that segment will find them. */
  names(segment: number): Names {
    if (this.#changes.length > 0)
      return this.#assemble(this.#changes.filter((each) => each.segment === segment))
    this.#names ??= this.#assemble([])
    return this.#names
  }

  /** A message of an earlier segment may still change them: nobody knows yet whether it was allowed. */
  unsettled(segment: number): boolean {
    return this.#changes.some((change) => change.segment !== segment)
  }

  /** False when there are too many to judge by. */
  mayBe(path: readonly string[]): boolean {
    const known = this.#paths.some((other) => samePath(other, path))
    if (known) return true
    if (this.#paths.length >= searchPathsMax) return false
    this.#paths = [path, ...this.#paths]
    this.#names = undefined
    return true
  }

  /** Outside of a transaction a SET that was done holds. */
  is(path: readonly string[]): void {
    this.#paths = [path]
    this.#names = undefined
  }

  expect(change: Change): Effect {
    this.#changes = [...this.#changes, change]
    const forget = (): void => {
      this.#changes = this.#changes.filter((other) => other !== change)
    }
    let undo: (() => void) | undefined
    return {
      sent: () => {
        forget()
        undo = this.#make(change)
      },
      done: () => {
        undo = undefined
      },
      dropped: () => {
        forget()
        undo?.()
      },
    }
  }

  transactionOver(): void {
    if (this.#created.size === 0 && this.#reshaped.size === 0 && !this.#moved) return
    this.#created.clear()
    this.#reshaped.clear()
    this.#moved = false
    this.#names = undefined
  }

  /** Makes the change count, and returns how it stops counting should the server fail to make it. */
  #make({ temporary, creates, reshapes = [], moves }: Change): () => void {
    const isNewTemporary = temporary !== undefined && !this.#temporary.has(temporary)
    const isNewCreated = creates !== undefined && !this.#created.has(nameKey(creates))
    if (isNewTemporary) this.#temporary.add(temporary)
    if (isNewCreated) this.#created.set(nameKey(creates), creates)
    for (const relation of reshapes) this.#reshaped.set(nameKey(relation), relation)
    this.#moved ||= moves === true
    this.#names = undefined
    return () => {
      if (isNewTemporary) this.#temporary.delete(temporary)
      if (isNewCreated) this.#created.delete(nameKey(creates))
      this.#names = undefined
    }
  }

  #assemble(changes: readonly Change[]): Names {
    const temporary = new Set([...this.#temporary, ...changes.flatMap((change) => change.temporary ?? [])])
    const created = new Map(this.#created)
    for (const { creates } of changes) if (creates !== undefined) created.set(nameKey(creates), creates)
    const reshaped = new Map(this.#reshaped)
    for (const { reshapes = [] } of changes)
      for (const relation of reshapes) reshaped.set(nameKey(relation), relation)
    const moved = this.#moved || changes.some(({ moves }) => moves === true)
    const [path = []] = this.#paths
    const plain = this.#paths.length === 1 && samePath(path, this.#schemas)
    const isChanged = temporary.size > 0 || created.size > 0 || reshaped.size > 0 || moved
    const initial = plain && !isChanged
    return {
      searchPaths: this.#paths,
      tempTables: temporary,
      schemas: this.#schemas,
      created: [...created.values()],
      reshaped: [...reshaped.values()],
      moved,
      key: initial
        ? ''
        : JSON.stringify([this.#paths, [...temporary], [...created.keys()], [...reshaped.keys()], moved]),
    }
  }
}

function nameKey({ schema, name }: RelationName): string {
  return `${schema}\0${name}`
}

function samePath(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index])
}
