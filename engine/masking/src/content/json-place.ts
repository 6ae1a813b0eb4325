import { depthMax } from './limits.ts'
import type { PathNode } from './path-tree.ts'
import { notJson } from './json-tokens.ts'
import { Unreadable } from './unreadable.ts'

/** What may come next, besides spaces. */
type Expected =
  | 'value'
  /** A value, or the end of an empty array. */
  | 'element'
  /** A name, or the end of an empty object. */
  | 'member'
  | 'name'
  | 'colon'
  /** A comma, or the end of what is open. */
  | 'comma'
  | 'nothing'

interface Open {
  readonly kind: 'object' | 'array'
  readonly node: PathNode
  /** Of an array: the element at which it is. */
  index: number
}

/** Where in a document of JSON one is, by its grammar and by the paths. */
export class JsonPlace {
  /** Of the value that comes next. */
  node: PathNode
  readonly #root: PathNode
  #expected: Expected = 'value'
  #open: Open[] = []

  constructor(root: PathNode) {
    this.#root = root
    this.node = root
  }

  /** The document has ended. */
  get complete(): boolean {
    return this.#expected === 'nothing'
  }

  /** How many objects and arrays are open. */
  get depth(): number {
    return this.#open.length
  }

  /** The document is an array. */
  get inList(): boolean {
    return this.#open[0]?.kind === 'array'
  }

  /** A string here is the name of a member. */
  get atName(): boolean {
    return this.#expected === 'member' || this.#expected === 'name'
  }

  restart(): void {
    this.node = this.#root
    this.#expected = 'value'
    this.#open = []
  }

  /** Of the object whose member is named next. */
  get object(): PathNode {
    return this.#open.at(-1)?.node ?? this.#root
  }

  named(node: PathNode): void {
    this.node = node
    this.#expected = 'colon'
  }

  value(): void {
    this.#needValue()
    this.#done()
  }

  open(kind: Open['kind']): void {
    this.#needValue()
    if (this.#open.length >= depthMax) throw new Unreadable('JSON is nested too deep')
    this.#open.push({ kind, node: this.node, index: 0 })
    if (kind === 'array') this.node = this.node.element(0)
    this.#expected = kind === 'array' ? 'element' : 'member'
  }

  close(kind: Open['kind']): void {
    const empty = kind === 'array' ? 'element' : 'member'
    if (this.#expected !== 'comma' && this.#expected !== empty) throw notJson()
    if (this.#open.pop()?.kind !== kind) throw notJson()
    this.#done()
  }

  comma(): void {
    const open = this.#open.at(-1)
    if (this.#expected !== 'comma' || open === undefined) throw notJson()
    if (open.kind === 'object') {
      this.#expected = 'name'
      return
    }
    this.node = open.node.element(++open.index)
    this.#expected = 'value'
  }

  colon(): void {
    if (this.#expected !== 'colon') throw notJson()
    this.#expected = 'value'
  }

  #needValue(): void {
    if (this.#expected !== 'value' && this.#expected !== 'element') throw notJson()
  }

  #done(): void {
    this.#expected = this.#open.length === 0 ? 'nothing' : 'comma'
  }
}
