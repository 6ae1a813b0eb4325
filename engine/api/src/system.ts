import type { FastifyPluginAsync } from 'fastify'
import type { Readiness } from './ready.ts'
import { callerAs, type RolePorts } from './roles.ts'
import { answers, count, flag, list, map, nullable, object, text, time, type RouteSchema } from './schema.ts'

/** Where the log is sent, and how far that is. */
export interface ExportLine {
  readonly name: string
  /** Since the start of this gateway. */
  readonly documents: number
  readonly dead_letters: number
  /** Behind the log. */
  readonly lag_events: number
  readonly lag_ms: number
  /** What it is given, and what takes it, e.g. `ocsf` and `splunk`; `destination` is for people, without secrets. */
  readonly format: string
  readonly sink: string
  readonly destination: string
  /** Events of the log that it has dealt with, and when the last of them was written. */
  readonly events: number
  readonly done_at: string | null
  /** Why nothing is delivered now, if so. */
  readonly trouble: string | null
  /** What went wrong last since the start, also when it is over. */
  readonly last_trouble: { readonly at: string; readonly reason: string } | null
}

/** How the gateway is that answers. */
export interface SystemState {
  readonly gateway: string
  readonly sessions: number
  readonly log: { readonly healthy: boolean; readonly queued_bytes: number }
  /** What lists and searches read. */
  readonly read_models: { readonly healthy: boolean; readonly lag_ms: number | null }
  readonly exporters: readonly ExportLine[]
}

interface SystemPorts extends RolePorts {
  readonly system: () => SystemState
  readonly readiness: () => Readiness
}

const schema: RouteSchema = {
  summary: 'How the gateway is that answers: its log, its read models, and where the log is sent',
  response: answers(
    object({
      gateway: text,
      sessions: count,
      log: object({ healthy: flag, queued_bytes: count }),
      read_models: object({ healthy: flag, lag_ms: nullable(count) }),
      exporters: list(
        object({
          name: text,
          documents: count,
          dead_letters: count,
          lag_events: count,
          lag_ms: count,
          format: text,
          sink: text,
          destination: text,
          events: count,
          done_at: nullable(time),
          trouble: nullable(text),
          last_trouble: nullable(object({ at: time, reason: text })),
        }),
      ),
      ready: flag,
      checks: map(flag),
    }),
    403,
  ),
}

/** GET /v1/system, for who runs it or looks into it. */
export function system(ports: SystemPorts): FastifyPluginAsync {
  return async (app) => {
    app.get('/v1/system', { schema }, async (request) => {
      await callerAs(request, ports, 'admin', 'auditor')
      return { ...ports.system(), ...ports.readiness() }
    })
  }
}
