import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { declaredByFile, refusal, Refused, type Finding, type Identity, type Json } from '@sluice/core'
import { actedFirst, type ActedPorts } from './acted.ts'
import { adminFor } from './admin.ts'
import { Conflict, Unfit } from './problem.ts'
import type { RolePorts } from './roles.ts'
import {
  anything,
  answers,
  flag,
  list,
  object,
  oneOf,
  text,
  type JsonSchema,
  type RouteSchema,
} from './schema.ts'
import type { TargetRecords } from './targets.ts'

/** A target that somebody wants to add, as a file would say it. */
export type WantedTarget =
  | {
      readonly kind: 'target'
      readonly name: string
      /** Logs in there, and changes nothing. */
      readonly probe: () => Promise<readonly Finding[]>
      /** Whether it counts; if not, there is one of that name. Throws `Refused('log_unavailable')`. */
      readonly register: (by: string) => Promise<boolean>
    }
  | { readonly kind: 'unusable'; readonly problems: readonly EntryProblem[] }

/** What is wrong with an entry. */
export interface EntryProblem {
  /** Its keys, e.g. `credential.password`; empty: all of it. */
  readonly at: string
  readonly message: string
}

export interface AddedTargets {
  /** Whether the log has one of that name now. */
  has(name: string): boolean
  read(entry: Json): WantedTarget
  /** Whether there was one. Throws `Refused('log_unavailable')`. */
  remove(name: string, by: string): Promise<boolean>
}

export interface FindingLine {
  readonly state: Finding['state']
  readonly about: string
  readonly detail: string
  readonly remedy: string
}

/** What came of an attempt to add a target. */
export interface AddedLine {
  readonly name: string
  readonly added: boolean
  readonly findings: readonly FindingLine[]
}

interface AddedPorts extends RolePorts, ActedPorts {
  readonly added: AddedTargets
  readonly registered: TargetRecords
  readonly source: (name: string) => 'file' | 'log'
}

interface AddRequest {
  readonly Body: { readonly target: Json; readonly check?: 'first' | 'only' | 'no' }
}

export const finding: JsonSchema = object({
  state: oneOf('good', 'advice', 'bad'),
  about: text,
  detail: text,
  remedy: text,
})
const addSchema: RouteSchema = {
  summary: 'Add a target at all gateways of the log, once a login there has worked',
  description:
    'The target is as an entry of `targets` in a configuration file; its credential is a reference, never a secret. ' +
    '`check`: `only` tries it and adds nothing, `no` adds it untried.',
  body: {
    type: 'object',
    additionalProperties: false,
    required: ['target'],
    properties: { target: anything, check: { ...oneOf('first', 'only', 'no'), default: 'first' } },
  },
  response: answers(object({ name: text, added: flag, findings: list(finding) }), 403, 409, 503),
}
const removeSchema: RouteSchema = {
  summary: 'Take away a target that somebody added; sessions at it end',
  params: object({ name: { type: 'string', minLength: 1, maxLength: 256 } }),
  response: answers(object({ name: text, removed: flag }), 403, 404, 409, 503),
}

/** POST and DELETE /v1/targets, for admins. */
export function addedTargets(ports: AddedPorts): FastifyPluginAsync {
  return async (app) => {
    app.post<AddRequest>('/v1/targets', { schema: addSchema }, async (request) => {
      const { target, check = 'first' } = request.body
      const identity = await admin(request, 'target.add', nameIn(target), ports)
      const wanted = ports.added.read(target)
      if (wanted.kind === 'unusable')
        throw new Unfit(`This is no target: ${wordsOf(wanted.problems)}.`, { problems: wanted.problems })
      if (check !== 'only') refuseTaken(wanted.name, ports)
      const findings = check === 'no' ? [] : await probed(wanted, identity, ports)
      if (check === 'only') return { name: wanted.name, added: false, findings }
      if (findings.some(({ state }) => state === 'bad'))
        throw new Conflict('Sessions at this target would fail. Nothing was added.', { findings })
      if (!(await wanted.register(identity.subject.id))) throw taken(wanted.name, 'somebody added')
      return { name: wanted.name, added: true, findings } satisfies AddedLine
    })

    app.delete<{ Params: { readonly name: string } }>(
      '/v1/targets/:name',
      { schema: removeSchema },
      async (request) => {
        const { name } = request.params
        const { subject } = await admin(request, 'target.remove', name, ports)
        const record = ports.registered.list().find((one) => one.name === name)
        if (await ports.added.remove(name, subject.id)) return { name, removed: true }
        if (record?.by === declaredByFile)
          throw new Conflict('A file declares this target: take it out there.')
        throw new Refused(refusal('target_unknown', 'api/target', 'Nobody added a target of that name.'))
      },
    )
  }
}

/** Where the gateway connects for somebody is in the log before it does. */
async function probed(
  wanted: WantedTarget & { readonly kind: 'target' },
  identity: Identity,
  ports: AddedPorts,
): Promise<readonly FindingLine[]> {
  const act = { action: 'target.probe', resource: wanted.name, outcome: 'done', details: {} } as const
  await actedFirst(ports, identity, act)
  return (await wanted.probe()).map(findingLine)
}

export function findingLine(found: Finding): FindingLine {
  return { remedy: '', ...found }
}

function wordsOf(problems: readonly EntryProblem[]): string {
  return problems.map(({ message }) => message).join('; ')
}

function refuseTaken(name: string, { added, registered, source }: AddedPorts): void {
  const record = registered.list().find((one) => one.name === name)
  if (source(name) === 'file' || record?.by === declaredByFile) throw taken(name, 'a file declares')
  if (added.has(name)) throw taken(name, 'somebody added')
}

function taken(name: string, how: string): Conflict {
  return new Conflict(`There is a target of that name, which ${how}. Nothing was changed.`, { name })
}

function nameIn(target: Json): string {
  const name = typeof target === 'object' && target !== null && 'name' in target ? target['name'] : ''
  return typeof name === 'string' ? name.slice(0, 256) : ''
}

function admin(
  request: FastifyRequest,
  action: string,
  resource: string,
  ports: AddedPorts,
): Promise<Identity> {
  const why = 'Only an admin may add and remove targets.'
  return adminFor(request, { action, resource, rule: 'api/target', why }, ports)
}
