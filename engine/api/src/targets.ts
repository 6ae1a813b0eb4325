import type { FastifyPluginAsync } from 'fastify'
import { declaredByFile, type Authenticator, type Targets } from '@sluice/core'
import type { AddedTargets } from './added-targets.ts'
import { boundCaller } from './caller.ts'
import { answers, flag, list, map, object, oneOf, text } from './schema.ts'

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

export interface TargetLine {
  readonly name: string
  readonly protocol: string
  readonly labels: Readonly<Record<string, string>>
  /** By the gateway that answers; otherwise by another one of its log. */
  readonly served: boolean
  /** Whether files declare it, or somebody added it to the log. */
  readonly source: 'file' | 'log'
}

interface TargetPorts {
  readonly targets: Targets
  readonly registered: TargetRecords
  readonly source: (name: string) => 'file' | 'log'
  readonly added: Pick<AddedTargets, 'has'>
  readonly authenticator: Authenticator
}

const schema = {
  summary: 'What a caller can name in a connection string, and whether at this gateway',
  response: answers(
    list(
      object({ name: text, protocol: text, labels: map(text), served: flag, source: oneOf('file', 'log') }),
    ),
  ),
} as const

/**
 * GET /v1/targets: what a caller can name in a connection string, here and at the other gateways of the log. Addresses
 * and credentials are not shown.
 */
export function targets(ports: TargetPorts): FastifyPluginAsync {
  return async (app) => {
    app.get('/v1/targets', { schema }, async (request) => {
      await boundCaller(request, ports.authenticator)
      return targetLines(ports)
    })
  }
}

function targetLines({ targets, registered, source, added }: TargetPorts): readonly TargetLine[] {
  const own = targets.list().map(({ name, protocol, labels }) => ({
    name,
    protocol,
    labels,
    served: true,
    source: source(name),
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
    }))
  return [...own, ...others]
}
