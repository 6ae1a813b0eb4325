import type { Path, Step } from './path.ts'
import { stricter, type ValueMask } from './value-mask.ts'

export interface PathMask {
  readonly path: Path
  readonly mask: ValueMask
}

/** A part of a path that is looked for: where it leads, or that it is the last one of its rule. */
interface Place {
  readonly step: Step
  readonly rule: number
  readonly next: number | null
}

/** Beyond it nodes are made anew each time: paths with many `..` have very many. */
const rememberedMax = 4096

/** All paths as one automaton, whose nodes are made when a document first leads to them. */
class PathTree {
  readonly places: readonly Place[]
  readonly masks: readonly PathMask[]
  readonly #nodes = new Map<string, PathNode>()

  constructor(masks: readonly PathMask[]) {
    this.masks = masks
    const places: Place[] = []
    for (const [rule, { path }] of masks.entries())
      for (const [at, step] of path.steps.entries())
        places.push({ step, rule, next: at + 1 < path.steps.length ? places.length + 1 : null })
    this.places = places
  }

  /** Before the first part of each path. */
  root(): PathNode {
    const first = this.masks.flatMap(({ path }, rule) =>
      path.steps.length === 0 ? [] : [this.places.findIndex((place) => place.rule === rule)],
    )
    const all = this.masks.flatMap(({ path }, rule) => (path.steps.length === 0 ? [rule] : []))
    return this.node(new Set(first), new Set(all))
  }

  node(places: ReadonlySet<number>, rules: ReadonlySet<number>): PathNode {
    const key = `${ordered(places).join()}|${ordered(rules).join()}`
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    const node = new PathNode(this, places, rules)
    if (this.#nodes.size < rememberedMax) this.#nodes.set(key, node)
    return node
  }
}

function ordered(numbers: ReadonlySet<number>): readonly number[] {
  return [...numbers].sort((one, other) => one - other)
}

/** One value of a document, as the paths see it. */
export class PathNode {
  /** How this value, and all that is in it, is masked. */
  readonly mask: ValueMask | undefined
  /** Everything in this value is treated as it is itself. */
  readonly settled: boolean
  readonly #tree: PathTree
  readonly #places: ReadonlySet<number>
  readonly #rules: ReadonlySet<number>
  readonly #members: readonly Member[]
  #otherMember: PathNode | undefined
  readonly #elements = new Map<number, PathNode | undefined>()
  #otherElement: PathNode | undefined

  constructor(tree: PathTree, places: ReadonlySet<number>, rules: ReadonlySet<number>) {
    this.#tree = tree
    this.#places = places
    this.#rules = rules
    this.settled = places.size === 0
    for (const rule of rules) {
      const mask = tree.masks[rule]?.mask
      if (mask !== undefined) this.mask = this.mask === undefined ? mask : stricter(this.mask, mask)
    }
    const names = new Set<string>()
    for (const at of places) {
      const step = tree.places[at]?.step
      if (step?.kind === 'name') names.add(step.name)
      if (step?.kind === 'element') this.#elements.set(step.index, undefined)
    }
    this.#members = [...names].map((name) => new Member(name))
  }

  member(name: string): PathNode {
    if (this.settled) return this
    const member = this.#members.find((each) => each.name === name)
    return member === undefined ? this.#anyMember() : this.#named(member)
  }

  /** The member of that name, which is UTF-8 without escapes. */
  memberIn(bytes: Buffer, start: number, end: number): PathNode {
    if (this.settled) return this
    for (const member of this.#members) if (member.isIn(bytes, start, end)) return this.#named(member)
    return this.#anyMember()
  }

  element(index: number): PathNode {
    if (this.settled) return this
    if (!this.#elements.has(index)) return (this.#otherElement ??= this.#next((step) => step.kind === 'any'))
    const known = this.#elements.get(index)
    if (known !== undefined) return known
    const node = this.#next(
      (step) => step.kind === 'any' || (step.kind === 'element' && step.index === index),
    )
    this.#elements.set(index, node)
    return node
  }

  #named(member: Member): PathNode {
    const { name } = member
    return (member.node ??= this.#next(
      (step) => step.kind === 'any' || (step.kind === 'name' && step.name === name),
    ))
  }

  #anyMember(): PathNode {
    return (this.#otherMember ??= this.#next((step) => step.kind === 'any'))
  }

  #next(leads: (step: Step) => boolean): PathNode {
    const places = new Set<number>()
    const rules = new Set(this.#rules)
    for (const at of this.#places) {
      const place = this.#tree.places[at]
      if (place === undefined) continue
      if (place.step.deep) places.add(at)
      if (!leads(place.step)) continue
      if (place.next === null) rules.add(place.rule)
      else places.add(place.next)
    }
    return this.#tree.node(places, rules)
  }
}

/** A name that a path asks for. */
class Member {
  readonly name: string
  readonly #bytes: Buffer
  node: PathNode | undefined

  constructor(name: string) {
    this.name = name
    this.#bytes = Buffer.from(name)
  }

  isIn(bytes: Buffer, start: number, end: number): boolean {
    const wanted = this.#bytes
    if (end - start !== wanted.length) return false
    for (let at = 0; at < wanted.length; at++) if (bytes[start + at] !== wanted[at]) return false
    return true
  }
}

export function pathTree(masks: readonly PathMask[]): PathNode {
  return new PathTree(masks).root()
}
