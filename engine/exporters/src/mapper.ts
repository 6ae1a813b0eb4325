import type { Json } from '@sluice/core'
import type { ExportedEvent } from './exported.ts'

export const formats = ['ocsf', 'ecs', 'cef', 'json'] as const
export type Format = (typeof formats)[number]

/** One line for a SIEM. */
export interface Mapped {
  /** The event's, with a suffix where one event gives several documents: a repeat is known by it. */
  readonly id: string
  /** When it happened, in milliseconds since 1970. */
  readonly timeMs: number
  /** A document, or a line of text without a line break. */
  readonly body: { readonly [key: string]: Json } | string
}

/** Pure: the same event gives the same line at any time. */
export interface Mapper {
  readonly format: Format
  /** `null`: not for a SIEM. Never throws for what a gateway wrote; must not be given content. */
  map(of: ExportedEvent): Mapped | null
}
