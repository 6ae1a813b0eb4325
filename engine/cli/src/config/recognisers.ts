import type { DetectorPattern } from '@sluice/core'
import { builtInDetectors } from '@sluice/masking'
import type { Located } from './document.ts'
import { Entry } from './entry.ts'
import { ConfigError, type Problem } from './problem.ts'

/** A service that finds what has no look. */
export interface RecogniserConfig {
  readonly name: string
  readonly kind: 'presidio'
  readonly url: URL
  /** PEM file, relative to the configuration. */
  readonly tlsCa: string | null
  readonly language: string
  /** Names of detectors by what the service calls them. */
  readonly entities: Readonly<Record<string, string>>
  readonly scoreMin: number
  readonly timeoutMs: number
}

/** As the file says it. */
export type RawRecognisers = readonly {
  readonly name: string
  readonly kind: 'presidio'
  readonly url: string
  readonly tls_ca?: string
  readonly language?: string
  readonly entities: Readonly<Record<string, string>>
  readonly score_min?: number
  readonly timeout_ms?: number
}[]

const defaults = { language: 'en', scoreMin: 0.5, timeoutMs: 10_000 } as const

/** A name of a detector stands for one thing: what a mask asks for must not depend on who was configured first. */
export function recognisersOf(
  document: Located,
  raw: RawRecognisers = [],
  patterns: readonly DetectorPattern[] = [],
): readonly RecogniserConfig[] {
  const found: Problem[] = []
  const names = new Set<string>()
  const detectors = new Map<string, string>([
    ...Array.from(builtInDetectors.keys(), (name) => [name, 'built in'] as const),
    ...patterns.map(({ name }) => [name, 'one of masking.detectors'] as const),
  ])
  const recognisers = raw.map((each, index) => {
    const at = ['masking', 'recognisers', index]
    const entry = new Entry(document, at, each)
    const { name, kind, url, entities, tls_ca: tlsCa = null } = each
    if (names.has(name)) found.push(document.problem([...at, 'name'], `a second recogniser named ${name}`))
    names.add(name)
    for (const [entity, detector] of Object.entries(entities)) {
      const other = detectors.get(detector)
      if (other !== undefined && other !== name)
        found.push(
          document.problem(
            [...at, 'entities', entity],
            `a second detector named ${detector}`,
            `the first is ${other}`,
          ),
        )
    }
    for (const detector of Object.values(entities))
      if (!detectors.has(detector)) detectors.set(detector, name)
    const read = {
      name,
      kind,
      url: entry.url('url', url),
      tlsCa,
      language: each.language ?? defaults.language,
      entities,
      scoreMin: each.score_min ?? defaults.scoreMin,
      timeoutMs: each.timeout_ms ?? defaults.timeoutMs,
    }
    found.push(...entry.problems)
    return read
  })
  if (found.length > 0) throw new ConfigError(found)
  return recognisers
}
