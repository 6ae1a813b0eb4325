import type { PolicyPage } from '@sluice/api'
import { connectApi } from '../../client.ts'
import type { ExitCode, Io } from '../../command.ts'
import { printable } from '../../printable.ts'
import { table } from '../../table.ts'

interface LsOptions {
  readonly json: boolean
  readonly history: boolean
}

/** Every revision that the log holds, or all that became of them, and what is in force where. */
export async function lsCommand({ json, history }: LsOptions, io: Io): Promise<ExitCode> {
  const client = await connectApi(io)
  const path = history ? '/v1/policies?last=1000' : '/v1/policies'
  const page = (await (await client.get(path)).json()) as PolicyPage
  const lines = history ? page.history : page.revisions
  if (json) for (const line of lines) io.out(`${JSON.stringify(line)}\n`)
  else io.out(history ? historyText(page) : revisionsText(page) + standing(page) + gatewaysText(page))
  return 0
}

function revisionsText({ revisions }: PolicyPage): string {
  const rows = revisions.map(({ revision, time, by, reason, active }) => [
    active ? '*' : '',
    short(revision),
    at(time),
    by,
    reason,
  ])
  return table(['', 'revision', 'in force since', 'by', 'reason'], rows)
}

function historyText({ history }: PolicyPage): string {
  const rows = history.map(({ kind, revision, at_ms, gateway, by, reason, errors }) => [
    at(at_ms),
    kind === 'activated' ? 'activated' : 'not used',
    short(revision),
    gateway,
    by,
    kind === 'activated' ? reason : errors.replaceAll(/\n\s*/g, '; '),
  ])
  return table(['at', 'what', 'revision', 'gateway', 'by', 'reason'], rows)
}

/** By what each gateway of a shared log judges. */
function gatewaysText({ gateways }: PolicyPage): string {
  if (gateways.length === 0) return ''
  const rows = gateways.map(({ gateway, revision, since_ms, errors }) => [
    gateway,
    short(revision),
    at(since_ms),
    errors === null ? '' : `cannot use what was activated last: ${errors.replaceAll(/\n\s*/g, '; ')}`,
  ])
  return `\n${table(['gateway', 'revision', 'since', ''], rows)}`
}

function standing({ files, rejected }: PolicyPage): string {
  switch (files) {
    case 'active':
      return ''
    case 'differ':
      return 'The policy files differ from what was activated over them.\n'
    case 'rejected':
      return `The policy files cannot be used:\n${(rejected?.errors ?? '')
        .split('\n')
        .map((line) => `  ${printable(line)}\n`)
        .join('')}`
  }
}

function short(revision: string | null): string {
  return revision?.slice(0, 12) ?? ''
}

function at(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ')
}
