import type { Json } from '@sluice/core'

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openObject = 0x7b
const openArray = 0x5b
const closeObject = 0x7d
const closeArray = 0x5d

/** Longer names are of no member that is looked for, and longer values are none that can be read. */
const keptMax = 16_384

/**
 * Picks members of the outermost object from a document that comes in pieces, and keeps nothing else of it: an answer may
 * be larger than what should be held in memory for a few numbers behind its end. Of a member that comes twice the last.
 */
export class Members {
  readonly #wanted: ReadonlySet<string>
  readonly #found = new Map<string, Json>()
  #depth = 0
  #inString = false
  #escaped = false
  /** What is being read at the outermost level, byte by byte; `null`: nothing that is wanted. */
  #kept: string | null = null
  #name = ''

  constructor(wanted: readonly string[]) {
    this.#wanted = new Set(wanted)
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      if (!this.#isBorder(byte)) this.#keep(byte)
    }
  }

  /** What was found, as far as it has come. */
  found(): { readonly [name: string]: Json } {
    return Object.fromEntries(this.#found)
  }

  #keep(byte: number): void {
    if (this.#kept === null) return
    this.#kept = this.#kept.length < keptMax ? this.#kept + String.fromCharCode(byte) : null
  }

  /** Whether a name or a value of the outermost object begins or ends here. */
  #isBorder(byte: number): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (byte === backslash) this.#escaped = true
      else if (byte === quote) this.#inString = false
      return false
    }
    switch (byte) {
      case quote:
        this.#inString = true
        return false
      case openObject:
      case openArray:
        this.#depth += 1
        return this.#depth === 1 && this.#begin(byte === openObject)
      case closeObject:
      case closeArray:
        this.#depth -= 1
        return this.#depth === 0 && this.#end(false)
      case comma:
        return this.#depth === 1 && this.#end(true)
      case colon:
        return this.#depth === 1 && this.#named()
      default:
        return false
    }
  }

  #begin(keeps: boolean): true {
    this.#kept = keeps ? '' : null
    return true
  }

  #named(): true {
    const name = parsed(this.#kept)
    this.#name = typeof name === 'string' ? name : ''
    return this.#begin(this.#wanted.has(this.#name))
  }

  #end(more: boolean): true {
    const value = parsed(this.#kept)
    if (value !== undefined && this.#wanted.has(this.#name)) this.#found.set(this.#name, value)
    this.#name = ''
    return this.#begin(more)
  }
}

function parsed(bytes: string | null): Json | undefined {
  if (bytes === null) return undefined
  try {
    return JSON.parse(Buffer.from(bytes, 'latin1').toString()) as Json
  } catch {
    return undefined
  }
}
