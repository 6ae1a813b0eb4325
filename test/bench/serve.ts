import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exchangeToken } from '@sluice/cli'
import { demoIssuer, demoToken, startIdentityProvider } from '@sluice/demo'
import { startChild, type Child } from './child.ts'

const command = fileURLToPath(new URL('../../engine/cli/src/main.ts', import.meta.url))

/** Tokens live for a quarter of an hour: what is measured later than that comes with a younger one. */
const tokenMs = 300_000

export interface Served extends AsyncDisposable {
  readonly pid: number
  /** What the line that told its listener matched. */
  readonly ready: Child['ready']
  /** Of the demo's service account, younger than a few minutes. */
  token(): string
}

export interface ServeOptions {
  /** Holds its data, on a real disk. */
  readonly folder: string
  /** Everything but the API, the log and the identity provider. */
  readonly config: object
  /** What its identity has beside the issuer. */
  readonly identity?: object
  readonly variables: Readonly<Record<string, string>>
  /** The line that tells its listener, in the words of a regular expression. */
  readonly listener: string
  /** Options of the runtime, e.g. of its profiler. */
  readonly flags?: readonly string[]
  /** In so many processes of its own; in one when it is not given. */
  readonly workers?: number
}

/**
 * `sluice serve` as anybody starts it, in a process of its own: every check, every record, the log on the disk of
 * `folder`. The log is new in each run, so that all runs append to one of the same size.
 */
export async function serve(options: ServeOptions): Promise<Served> {
  const { folder, variables, listener, flags = [], workers = 1 } = options
  await using parts = new AsyncDisposableStack()
  const provider = await startIdentityProvider({ port: 0 })
  parts.defer(() => provider.close())
  const data = join(folder, 'gateway')
  const log = join(data, 'log')
  await rm(log, { recursive: true, force: true })
  const config = join(folder, 'sluice.json')
  await writeFile(config, JSON.stringify({ ...base(provider.issuer, options.identity), ...options.config }))
  const runtime = ['--conditions=source', '--disable-warning=ExperimentalWarning', ...flags]
  const child = await startChild({
    program: process.execPath,
    args: [...runtime, command, 'serve', '--config', config, '--workers', String(workers)],
    env: { PATH: process.env['PATH'], SLUICE_DATA: data, ...variables },
    until: new RegExp(`API +(?<api>http:\\S+)\\n.*${listener}`),
  })
  parts.defer(() => child.stop())
  const api = child.ready.groups?.['api'] ?? ''

  const mint = async (): Promise<string> =>
    exchangeToken(api, await demoToken(provider, 'langchain-reporting')).then(({ token }) => token)
  let token = await mint()
  const renewing = setInterval(() => {
    mint().then(
      (fresh) => (token = fresh),
      (error: unknown) => console.error(`no fresh token: ${String(error)}`),
    )
  }, tokenMs).unref()
  parts.defer(() => clearInterval(renewing))

  const open = parts.move()
  return {
    pid: child.pid,
    ready: child.ready,
    token: () => token,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

function base(issuer: string, identity: object = {}): object {
  const { audience, groups_claim, type_claim } = demoIssuer
  return {
    api: { listen: '127.0.0.1:0' },
    log: { kind: 'embedded' },
    identity: {
      issuers: [{ name: 'bench', kind: 'oidc', issuer, audience, groups_claim, type_claim }],
      ...identity,
    },
  }
}
