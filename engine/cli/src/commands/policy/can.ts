import type { PossibleLine } from '@sluice/policy'
import { connectApi } from '../../client.ts'
import { UsageError, type ExitCode, type Io } from '../../command.ts'
import { printable } from '../../printable.ts'
import { table } from '../../table.ts'

export interface CanOptions {
  readonly target?: string | undefined
  readonly subject?: string | undefined
  readonly groups?: string | undefined
  readonly type?: string | undefined
  readonly json: boolean
}

/** What `/v1/policies/can` answers. */
interface Can {
  readonly revision: string
  readonly type: string
  readonly groups: readonly string[]
  readonly grants: readonly string[]
  readonly sealed: number
  readonly requests: readonly Omit<PossibleLine, 'last_ms'>[]
}

/** What somebody would get of one request of each kind, by the policies in force at a gateway. */
export async function canCommand(options: CanOptions, io: Io): Promise<ExitCode> {
  const { target, subject, groups, type, json } = options
  if (target === undefined) throw new UsageError('name the target: --target <name>')
  if ((subject === undefined) === (groups === undefined))
    throw new UsageError('name a subject, or groups: --subject <id> | --groups <a,b> [--type human]')
  const given = Object.entries({ target, subject, groups, type }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  )
  const client = await connectApi(io)
  const response = await client.get(`/v1/policies/can?${new URLSearchParams(given).toString()}`)
  const answer = (await response.json()) as Can
  io.out(json ? answer.requests.map((line) => `${JSON.stringify(line)}\n`).join('') : textOf(answer))
  return 0
}

function textOf({ revision, type, groups, grants, sealed, requests }: Can): string {
  const rows = requests.map(
    ({ what, origin, times, effect, rule, message, masks, quorum, approvers, fault }) => [
      printable(what),
      origin === 'sample' ? '' : `${times}×`,
      masks.length > 0 && effect === 'allow' ? 'masked' : effect,
      rule,
      printable(fault ?? (quorum > 0 ? `${message} ${quorum} of ${approvers.join(', ')}` : message)),
    ],
  )
  const who = [
    type,
    groups.length === 0 ? 'without groups' : groups.join(', '),
    ...grants.map((role) => `+${role}`),
  ]
  return [
    `${printable(who.join(' '))}, by policy ${revision.slice(0, 12)}\n`,
    table(['request', 'asked', 'gets', 'rule', 'because'], rows),
    ...(sealed === 0 ? [] : [`${sealed} recorded requests at hosts are sealed, and not judged again\n`]),
    'Samples prove nothing of what they are no sample of.\n',
  ].join('')
}
