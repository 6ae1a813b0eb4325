import type { FastifyPluginAsync } from 'fastify'
import {
  addressText,
  declaredByFile,
  type ConnectionLoad,
  type Finding,
  type OpenSessions,
  type Target,
  type Targets,
} from '@sluice/core'
import type { AddedTargets } from './added-targets.ts'
import { boundCaller } from './caller.ts'
import { rolesOf, type RolePorts } from './roles.ts'
import {
  answers,
  count,
  flag,
  list,
  map,
  nullable,
  object,
  oneOf,
  text,
  time,
  type JsonSchema,
} from './schema.ts'
import { worstOf, type TargetProbes } from './target-probes.ts'

/** A target as some gateway registered it in the log. */
export interface TargetRecord {
  readonly name: string
  readonly protocol: string
  /** As JSON. */
  readonly labels: string
  /** `file`, or who added it. */
  readonly by: string
}

/** Targets of all gateways, a little behind the log. */
export interface TargetRecords {
  list(): readonly TargetRecord[]
}

/** A target as whoever runs the gateway sees it. */
export interface TargetState {
  /** E.g. `db.internal:5432`. */
  readonly address: string
  /** Agents by which it is reached. */
  readonly via: string | null
  /** Sessions that are open there now, by this gateway. */
  readonly sessions: number
  /** Connections that these share; `null`: they do not, or there were none yet. */
  readonly connections: ConnectionLoad | null
  /** What the latest attempt of this gateway to log in there found, worst first; `null`: nobody asked since its start. */
  readonly probed: { readonly at: string; readonly state: Finding['state'] } | null
}

export interface TargetLine {
  readonly name: string
  readonly protocol: string
  readonly labels: Readonly<Record<string, string>>
  /** By the gateway that answers; otherwise by another one of its log. */
  readonly served: boolean
  /** Whether files declare it, or somebody added it to the log. */
  readonly source: 'file' | 'log'
  /** For admins and auditors, of what is served here. */
  readonly state: TargetState | null
}

export interface TargetPorts extends RolePorts {
  readonly engine: Pick<OpenSessions, 'sessions'>
  readonly targets: Targets
  readonly registered: TargetRecords
  readonly source: (name: string) => 'file' | 'log'
  readonly added: Pick<AddedTargets, 'has'>
  readonly load: (target: Pick<Target, 'name' | 'protocol'>) => ConnectionLoad | undefined
  readonly probes: Pick<TargetProbes, 'latest'>
}

export const targetLine: JsonSchema = object({
  name: text,
  protocol: text,
  labels: map(text),
  served: flag,
  source: oneOf('file', 'log'),
  state: nullable(
    object({
      address: text,
      via: nullable(text),
      sessions: count,
      connections: nullable(object({ busy: count, resting: count, waiting: count, max: count })),
      probed: nullable(object({ at: time, state: oneOf('good', 'advice', 'bad') })),
    }),
  ),
})

const schema = {
  summary: 'What a caller can name in a connection string, and whether at this gateway',
  description: '`state` is for admins and auditors.',
  response: answers(list(targetLine)),
} as const

/**
 * GET /v1/targets: what a caller can name in a connection string, here and at the other gateways of the log. Addresses
 * are shown to who runs it or looks into it, credentials to nobody.
 */
export function targets(ports: TargetPorts): FastifyPluginAsync {
  return async (app) => {
    app.get('/v1/targets', { schema }, async (request) => {
      const { subject, confined } = await boundCaller(request, ports.authenticator)
      const roles = rolesOf(subject, ports.roles)
      return targetLines(ports, confined === undefined && (roles.has('admin') || roles.has('auditor')))
    })
  }
}

/** `whole`: with what is not for everybody. */
export function targetLines(ports: TargetPorts, whole: boolean): readonly TargetLine[] {
  const { targets, registered, source, added } = ports
  const open = whole ? openSessions(ports) : undefined
  const own = targets.list().map((target) => ({
    name: target.name,
    protocol: target.protocol,
    labels: target.labels,
    served: true,
    source: source(target.name),
    state: open === undefined ? null : stateOf(target, open, ports),
  }))
  const others = registered
    .list()
    .filter(({ name }) => targets.find(name) === undefined)
    // The record of one that was removed is a little behind.
    .filter(({ name, by }) => by === declaredByFile || added.has(name))
    .map(({ name, protocol, labels, by }) => ({
      name,
      protocol,
      labels: JSON.parse(labels) as TargetLine['labels'],
      served: false,
      source: by === declaredByFile ? ('file' as const) : ('log' as const),
      state: null,
    }))
  return [...own, ...others]
}

/** How many there are at each target, by its name. */
function openSessions({ engine }: TargetPorts): ReadonlyMap<string, number> {
  const open = new Map<string, number>()
  for (const { target } of engine.sessions()) open.set(target.name, (open.get(target.name) ?? 0) + 1)
  return open
}

function stateOf(
  target: Target,
  open: ReadonlyMap<string, number>,
  { load, probes }: TargetPorts,
): TargetState {
  const { name, address, via = null } = target
  const probe = probes.latest(target)
  return {
    address: addressText(address),
    via,
    sessions: open.get(name) ?? 0,
    connections: load(target) ?? null,
    probed: probe === undefined ? null : { at: probe.at, state: worstOf(probe.findings) },
  }
}
