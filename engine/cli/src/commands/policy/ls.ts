import type { PolicyView } from '@sluice/api'
import { connectApi } from '../../client.ts'
import type { ExitCode, Io } from '../../command.ts'
import { printable } from '../../printable.ts'
import { table } from '../../table.ts'

/** Every revision that the log holds, and how the files stand to the one in force. */
export async function lsCommand({ json }: { readonly json: boolean }, io: Io): Promise<ExitCode> {
  const client = await connectApi(io)
  const view = (await (await client.get('/v1/policies')).json()) as PolicyView
  if (json) for (const revision of view.revisions) io.out(`${JSON.stringify(revision)}\n`)
  else io.out(asText(view))
  return 0
}

function asText({ files, rejected, revisions }: PolicyView): string {
  const rows = revisions.map(({ revision, time, by, reason, active }) => [
    active ? '*' : '',
    revision.slice(0, 12),
    new Date(time).toISOString().slice(0, 19).replace('T', ' '),
    by,
    reason,
  ])
  return table(['', 'revision', 'in force since', 'by', 'reason'], rows) + standing(files, rejected)
}

function standing(files: PolicyView['files'], rejected: PolicyView['rejected']): string {
  switch (files) {
    case 'active':
      return ''
    case 'differ':
      return 'The policy files differ from what is in force and stay aside until they change.\n'
    case 'rejected':
      return `The policy files cannot be used:\n${(rejected?.errors ?? '')
        .split('\n')
        .map((line) => `  ${printable(line)}\n`)
        .join('')}`
  }
}
