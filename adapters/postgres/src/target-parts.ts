import type { Target } from '@sluice/core'

/**
 * What is kept for a target, for all of its connections: its picture, a memory of its statements, its pool. Another target that
 * takes over the name starts without any of it.
 */
export class TargetParts<Part> {
  readonly #make: (target: Target) => Part
  readonly #known = new Map<string, { readonly target: Target; readonly part: Part }>()
  readonly #all = new Set<Part>()

  constructor(make: (target: Target) => Part) {
    this.#make = make
  }

  of(target: Target): Part {
    const known = this.#known.get(target.name)
    if (known?.target === target) return known.part
    const part = this.#make(target)
    this.#known.set(target.name, { target, part })
    this.#all.add(part)
    return part
  }

  /** Of the present target of that name, as far as anybody came for it. */
  named(name: string): Part | undefined {
    return this.#known.get(name)?.part
  }

  /** Those of former targets as well. */
  all(): Iterable<Part> {
    return this.#all
  }
}
