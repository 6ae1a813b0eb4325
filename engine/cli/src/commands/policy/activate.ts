import type { PolicyView } from '@sluice/api'
import { limits } from '@sluice/core'
import { policyFolder, readFiles } from '@sluice/policy'
import { connectApi, type Client } from '../../client.ts'
import type { ExitCode, Io } from '../../command.ts'

export interface ActivateOptions {
  /** A revision, or as much of its beginning as no other one has. */
  readonly revision: string
  /** A policy folder, in place of a revision. */
  readonly policy?: string | undefined
  readonly reason?: string | undefined
  readonly json: boolean
}

interface Activated {
  readonly revision: string
  readonly requested?: string
  readonly files: PolicyView['files']
}

/** Puts a revision of the log in force again, the way back from a change, or the policies of a folder. */
export async function activateCommand(options: ActivateOptions, io: Io): Promise<ExitCode> {
  const client = await connectApi(io)
  const reason = options.reason === undefined ? {} : { reason: options.reason }
  const answer =
    options.policy === undefined
      ? await client.post(`/v1/policies/${await whole(options.revision, client)}/activate`, reason)
      : await client.post('/v1/policies', fitting({ files: await filesOf(options.policy), ...reason }))
  const done = (await answer.json()) as Activated
  io.out(options.json ? `${JSON.stringify(done)}\n` : asText(done))
  return 0
}

/** As text, by path. Throws `PolicyError` where the gateway would refuse them anyway. */
async function filesOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const files = await readFiles(folder)
  // What cannot be read as policies is told here, with its place.
  policyFolder(files, folder)
  return Object.fromEntries([...files].map(([name, content]) => [name, Buffer.from(content).toString()]))
}

/** What the gateway would not even read is not sent. */
function fitting(body: object): object {
  const bytes = Buffer.byteLength(JSON.stringify(body))
  if (bytes > limits.policyBundleBytesMax)
    throw new Error(
      `these policies are ${bytes} bytes as JSON, where at most ${limits.policyBundleBytesMax} have room in the log`,
    )
  return body
}

async function whole(beginning: string, client: Client): Promise<string> {
  const { revisions } = (await (await client.get('/v1/policies')).json()) as PolicyView
  const found = revisions.filter(({ revision }) => revision.startsWith(beginning))
  const [only, ...more] = found
  if (only === undefined) throw new Error(`the log holds no policy revision "${beginning}": sluice policy ls`)
  if (more.length > 0)
    throw new Error(`${found.length} policy revisions begin with "${beginning}": sluice policy ls --json`)
  return only.revision
}

function asText({ revision, requested = revision, files }: Activated): string {
  const anew = revision === requested ? '' : ` (${requested.slice(0, 12)}, compiled by this version)`
  const aside = files === 'differ' ? 'The policy files differ from what was activated over them.\n' : ''
  return `policy ${revision.slice(0, 12)}${anew} is in force\n${aside}`
}
