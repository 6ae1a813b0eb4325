import { durationText, limits } from '@sluice/core'
import { durationMs } from '../duration.ts'
import type { Located } from './document.ts'
import type { LogConfig } from './log.ts'
import { ConfigError, type Problem } from './problem.ts'

/** How long, in milliseconds; `null`: for ever. */
export interface RetentionConfig {
  /** Statements, parameters and answers, from the end of their session. */
  readonly contentMs: number | null
  /** Events of sessions. */
  readonly auditMs: number | null
  /** Content too large for its event, on Kafka. */
  readonly bodiesMs: number | null
}

/** `retention` as the schema admits it. */
export interface RawRetention {
  readonly content?: string
  readonly audit?: string
  readonly bodies?: string
}

/** Throws `ConfigError`. */
export function retentionOf(
  document: Located,
  raw: RawRetention = {},
  log: Pick<LogConfig, 'kind'>,
): RetentionConfig {
  const problems: Problem[] = []
  const say = (key: keyof RawRetention, what: string, hint: string): void =>
    void problems.push(document.problem(['retention', key], `retention.${key} ${what}`, hint))
  const ms = (key: keyof RawRetention): number | null => {
    const text = raw[key]
    if (text === undefined) return null
    const found = durationMs(text)
    if (found < limits.retentionMsMin)
      say(key, `cannot be "${text}"`, `at least ${durationText(limits.retentionMsMin)}`)
    return found
  }
  const found = { contentMs: ms('content'), auditMs: ms('audit'), bodiesMs: ms('bodies') }
  if (raw.bodies !== undefined && log.kind !== 'kafka')
    say('bodies', `means nothing to a log of kind ${log.kind}`, 'there all content is in its events')
  for (const [key, holder] of [
    ['audit', found.auditMs],
    ['bodies', found.bodiesMs],
  ] as const)
    if (found.contentMs !== null && holder !== null && found.contentMs > holder)
      say('content', `is longer than retention.${key}`, 'content goes with what it lies in')
  if (problems.length > 0) throw new ConfigError(problems)
  return found
}
