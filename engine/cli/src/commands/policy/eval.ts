import { readFile } from 'node:fs/promises'
import { placeOf, type Verdict } from '@sluice/core'
import { evaluatePolicy, type OneEvaluation } from '@sluice/policy'
import { UsageError, type ExitCode, type Io } from '../../command.ts'
import { patiently } from '../../patience.ts'
import type { PolicyOptions } from '../policy.ts'
import { policyCache } from './cache.ts'
import { readRequest } from './request.ts'

/** Any verdict is an answer, so only a policy that failed is a finding. */
export async function evalCommand({ folder, json, input }: PolicyOptions, io: Io): Promise<ExitCode> {
  if (input === undefined) throw new UsageError('name the request: --input <file>')
  const text = await readFile(input === '-' ? '/dev/stdin' : input, 'utf8')
  const request = readRequest(input === '-' ? 'standard input' : input, text)
  const work = evaluatePolicy(folder, request, await policyCache(io))
  const evaluation = await patiently(io, `compiling ${folder}`, work)
  io.out(json ? asLine(evaluation) : asText(evaluation))
  return evaluation.fault === null ? 0 : 1
}

function asLine({ verdict, revision, fault, read }: OneEvaluation): string {
  return `${JSON.stringify({ ...verdict, revision, fault, read: JSON.parse(read) as unknown })}\n`
}

function asText({ verdict, revision, fault }: OneEvaluation): string {
  const lines = [
    ...verdict.reasons.map(({ rule, message, remedy }) => ['rule', `${rule}  ${message} ${remedy}`] as const),
    ...obligations(verdict),
    ...(fault === null ? [] : [['fault', fault] as const]),
    ['revision', revision.slice(0, 12)] as const,
  ]
  return `${verdict.effect}\n${lines.map(([name, text]) => `  ${name.padEnd(8)}  ${text.trimEnd()}\n`).join('')}`
}

function obligations({ mask, limits, approval, labels }: Verdict): readonly (readonly [string, string])[] {
  return [
    ...mask.map((each) => ['mask', `${placeOf(each)} ${each.method}  (${each.rule})`] as const),
    ...Object.entries(limits)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => ['limit', `${name} ${String(value)}`] as const),
    ...(approval === null
      ? []
      : [['approval', `${approval.quorum} of ${approval.approvers.join(', ')}`] as const]),
    ...Object.entries(labels).map(([name, value]) => ['label', `${name}=${value}`] as const),
  ]
}
