import type { Disk } from './disk.ts'
import { digestOf, excerptEvents, excerptHeader, excerptName, type Excerpt } from './excerpt.ts'
import type { Inspector } from './inspector.ts'
import { segmentName, type SegmentHeader } from './segment.ts'

/** Where a part of the log begins: the header of its first segment, which tells what came before. */
type Beginning = Pick<SegmentHeader, 'number' | 'link'> & { readonly name: string }

interface FoundExcerpt extends Excerpt {
  readonly digest: string
  readonly begins: Beginning
}

/**
 * Follows what is left of removed segments, and compares it with what the gateway signed: it accepts exactly the beginning that
 * is stated. Any other cut, and whatever else is missing of what is left, is a finding.
 */
export class CutInspector {
  readonly #disk: Pick<Disk, 'read'>
  readonly #inspector: Inspector
  readonly #found: FoundExcerpt[] = []

  constructor(disk: Pick<Disk, 'read'>, inspector: Inspector) {
    this.#disk = disk
    this.#inspector = inspector
  }

  /** Follows one, the oldest first. Its header, `null` when nothing of it is readable. */
  async excerpt({ first, last }: Excerpt): Promise<SegmentHeader | null> {
    const name = excerptName(last)
    const header = await excerptHeader(this.#disk, name)
    if (header === null) {
      this.#inspector.note(name, 0, 'its header is not readable')
      return null
    }
    const begins = { name, number: header.number, link: header.link }
    this.#found.push({ first, last, digest: await digestOf(this.#disk, name), begins })
    try {
      for await (const { at, header: frame, event } of excerptEvents(this.#disk, name))
        this.#inspector.left(name, at, frame, event, header)
    } catch (error) {
      this.#inspector.note(name, 0, error instanceof Error ? error.message : String(error))
    }
    return header
  }

  /** Call once the whole log was followed. `rest`: the first segment that is there. How many events were removed. */
  end(rest: Beginning | null): number {
    let next = 1
    let removed = 0
    for (const [index, { first, last, digest, begins }] of this.#found.entries()) {
      if (first !== next)
        this.#inspector.note(begins.name, 0, `what is left of segments ${next} to ${first - 1} is missing`)
      next = last + 1
      const stated = this.#inspector.removals.find(
        (one) => one.first === first && one.last === last && one.excerpt === digest,
      )
      if (stated === undefined) {
        this.#inspector.note(begins.name, 0, unsigned(first, last))
        continue
      }
      removed += stated.events - begins.number - stated.kept
      const after = this.#found[index + 1]?.begins ?? rest
      if (after !== null && (after.number !== stated.events || hex(after.link) !== stated.link))
        this.#inspector.note(after.name, 0, `this does not follow segment ${last}, which was removed`)
    }
    return removed
  }
}

function unsigned(first: number, last: number): string {
  return `the gateway did not sign that segments ${first} to ${last} were removed and that this is left of them`
}

/** Of the first segment that is there. */
export function beginningOf({ segment, number, link }: SegmentHeader): Beginning {
  return { name: segmentName(segment), number, link }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
