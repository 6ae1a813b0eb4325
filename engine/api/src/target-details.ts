import type { FastifyPluginAsync } from 'fastify'
import { refusal, Refused, type Finding, type Target } from '@sluice/core'
import { actedFirst, type ActedPorts } from './acted.ts'
import { finding, findingLine, type FindingLine } from './added-targets.ts'
import { adminFor } from './admin.ts'
import { callerAs } from './roles.ts'
import { answers, count, list, noBody, nullable, object, text, time, type RouteSchema } from './schema.ts'
import { targetLine, targetLines, type TargetLine, type TargetPorts } from './targets.ts'
import type { TargetProbe, TargetProbes } from './target-probes.ts'

/** What holds at a target, as the configuration or the log says it. No secret, and no key. */
export interface TargetTerms {
  /** User name, and where the secret is, e.g. `environment variable SLUICE_TARGET_SHOP`; `null`: it asks for none. */
  readonly credential: { readonly user: string | null; readonly place: string } | null
  /** Requests of one subject. */
  readonly rate: Rate | null
  /** Conditions on masked columns of one subject, where a mask gives a budget. */
  readonly conditions: Rate | null
  /** Who may give access for a while. */
  readonly access: {
    readonly approvers: readonly string[]
    readonly roles: readonly string[]
    readonly max_s: number
  } | null
  /** What else the adapter goes by, in its own words. */
  readonly settings: readonly { readonly name: string; readonly value: string }[]
}

interface Rate {
  readonly per_second: number
  readonly burst: number
}

export interface TargetDetail extends TargetLine {
  /** A subject id; `null`: a file declares it. */
  readonly added_by: string | null
  readonly terms: TargetTerms | null
  readonly probe: ProbeLine | null
}

export interface ProbeLine {
  readonly at: string
  readonly by: string
  readonly findings: readonly FindingLine[]
}

export interface TargetDetailPorts extends TargetPorts, ActedPorts {
  readonly probes: Pick<TargetProbes, 'latest' | 'probe'>
  readonly terms: (name: string) => TargetTerms | undefined
  /** Logs in there, and changes nothing. */
  readonly probe: (name: string) => Promise<readonly Finding[]>
}

const rate = object({ per_second: { type: 'number' }, burst: count })
const probeLine = object({ at: time, by: text, findings: list(finding) })
const params = object({ name: { type: 'string', minLength: 1, maxLength: 256 } })

const showSchema: RouteSchema = {
  summary: 'One target, what holds there, and what the latest attempt to log in found',
  params,
  response: answers(
    {
      ...targetLine,
      required: [...(targetLine['required'] as readonly string[]), 'added_by', 'terms', 'probe'],
      properties: {
        ...(targetLine['properties'] as object),
        added_by: nullable(text),
        terms: nullable(
          object({
            credential: nullable(object({ user: nullable(text), place: text })),
            rate: nullable(rate),
            conditions: nullable(rate),
            access: nullable(object({ approvers: list(text), roles: list(text), max_s: count })),
            settings: list(object({ name: text, value: text })),
          }),
        ),
        probe: nullable(probeLine),
      },
    },
    403,
    404,
  ),
}

const probeSchema: RouteSchema = {
  summary:
    'Have this gateway log in at a target that it serves, as a session would; nothing is changed there',
  params,
  body: noBody,
  response: answers(probeLine, 403, 404, 503),
}

interface OneTarget {
  readonly Params: { readonly name: string }
}

/** GET /v1/targets/:name for admins and auditors, POST /v1/targets/:name/probe for admins. */
export function targetDetails(ports: TargetDetailPorts): FastifyPluginAsync {
  return async (app) => {
    app.get<OneTarget>(
      '/v1/targets/:name',
      { schema: showSchema },
      async (request): Promise<TargetDetail> => {
        await callerAs(request, ports, 'admin', 'auditor')
        const { name } = request.params
        const line = targetLines(ports, true).find((one) => one.name === name)
        if (line === undefined) throw absent()
        const target = ports.targets.find(name)
        const probe = target === undefined ? undefined : ports.probes.latest(target)
        const by = ports.registered.list().find((one) => one.name === name)?.by
        return {
          ...line,
          added_by: line.source === 'log' ? (by ?? null) : null,
          terms: ports.terms(name) ?? null,
          probe: probe === undefined ? null : probeLineOf(probe),
        }
      },
    )

    app.post<OneTarget>('/v1/targets/:name/probe', { schema: probeSchema }, async (request) => {
      const { name } = request.params
      const why = 'Only an admin may have the gateway log in somewhere.'
      const act = { action: 'target.probe', resource: name } as const
      const identity = await adminFor(request, { ...act, rule: 'api/target', why }, ports)
      const target: Target | undefined = ports.targets.find(name)
      if (target === undefined) throw absent()
      // Where the gateway connects for somebody is in the log before it does.
      await actedFirst(ports, identity, { ...act, outcome: 'done', details: {} })
      const ask = (): Promise<readonly Finding[]> => ports.probe(name)
      return probeLineOf(await ports.probes.probe(target, identity.subject.id, ask))
    })
  }
}

function probeLineOf({ at, by, findings }: TargetProbe): ProbeLine {
  return { at, by, findings: findings.map(findingLine) }
}

function absent(): Refused {
  return new Refused(refusal('target_unknown', 'api/target', 'This gateway has no target of that name.'))
}
