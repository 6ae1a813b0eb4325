import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { parseArgs } from 'node:util'
import { isLoopback, systemClock, type Address } from '@sluice/core'
import { apiOf, apiUrl } from '../api-url.ts'
import { UsageError, type Command, type Io } from '../command.ts'
import { addressOf, hostOf } from '../config/address.ts'
import { carryOn, findTarget } from '../connect/gateway-api.ts'
import { doorAt } from '../connect/gateway-socket.ts'
import { socketIn, type Place } from '../connect/listener.ts'
import { offerAt, type Offer } from '../connect/offer.ts'
import { runProgram } from '../connect/program.ts'
import { startSidecar } from '../connect/sidecar.ts'
import type { SshOfferPorts } from '../connect/ssh-offer.ts'
import { subjectOf, type SubjectOptions } from '../connect/subject-token.ts'
import { TokenKeeper } from '../connect/token-keeper.ts'
import type { Profile } from '../connect/variables.ts'
import { demoState } from '../demo-state.ts'

export const connect: Command = {
  usage: `sluice connect <target> [--listen <port>] [--socket <folder>] [--json]
sluice connect <target> --exec -- <command> …

  An address of this machine that leads to the target with a token which is obtained, renewed and sent for the
  application. Whoever reaches that address acts as you. For SSH it prints the ssh_config to be used, whose key is new and
  whose certificate is renewed; whoever reads that folder acts as you.

  --listen <[host:]port>       default 127.0.0.1 and a free port; another host needs --expose as well
  --expose                     let other machines reach it, who then act as you
  --socket <folder>            instead of a port a socket that only you can open
  --exec -- <command> …        run it with DATABASE_URL and PG… (or BASE_URL; or SLUICE_SSH_CONFIG for ssh -F, GIT_SSH_COMMAND
                               and RSYNC_RSH) set, and end with its exit code
  --profile openai|anthropic   for --exec: set the address and a placeholder key for that provider's SDKs, too
  --gateway <host:port>        where the gateway takes the protocol; default: the host of SLUICE_URL, port 7432, 7480 or 7422
  --ca <file>                  PEM of an authority to be trusted besides the system's
  --login <name>               one of sluice login; default the latest
  --as <name>                  a subject of the demo
  --subject-token-file <file>  your provider's access token, read anew whenever one is needed

  Otherwise the token is that of SLUICE_TOKEN_URL, SLUICE_CLIENT_ID and SLUICE_CLIENT_SECRET[_FILE] (and SLUICE_SCOPE,
  SLUICE_RESOURCE, SLUICE_AUDIENCE), of SLUICE_TOKEN, of your login, or of the demo's langchain-reporting.`,

  async run(args, io) {
    const wanted = read(args)
    if (wanted.ca !== undefined) await trust(wanted.ca)
    const demo = await demoState(io.env)
    const api = apiUrl(apiOf(io.env, demo))
    const { by, obtain } = await subjectOf(wanted.subject, wanted.target, api, io)
    await using parts = new AsyncDisposableStack()
    const tokens = new TokenKeeper({
      obtain,
      carryOn: (former, current) => carryOn(api, former, current),
      clock: systemClock,
      report: (what, error) => io.error(`sluice connect: ${what}: ${messageOf(error)}\n`),
    })
    parts.defer(() => tokens.close())
    const { protocol } = await findTarget(api, await tokens.current(), wanted.target)
    const listening = await startSidecar({
      protocol,
      target: wanted.target,
      door: doorAt(wanted.gateway ?? gatewayAt(protocol, api, demo?.api === api ? demo.listen : {})),
      place: wanted.placeFor(protocol),
      tokens,
    })
    parts.defer(() => listening.close())
    const { target, profile } = wanted
    const { place } = listening
    const offer =
      protocol === 'ssh'
        ? parts.use(await openSsh({ api, target, place, tokens }))
        : offerAt(protocol, target, place, profile)
    if (wanted.program !== undefined) return await runProgram(wanted.program, offer.variables, io.env)
    return await serveUntilStopped(protocol, wanted, offer, by, io)
  },
}

/** Keys and certificates are read in where they are needed. */
async function openSsh(ports: SshOfferPorts): Promise<Offer & Disposable> {
  const { sshOffer } = await import('../connect/ssh-offer.ts')
  return sshOffer(ports)
}

interface Wanted {
  readonly target: string
  readonly json: boolean
  readonly subject: SubjectOptions
  readonly ca: string | undefined
  readonly gateway: Address | undefined
  readonly profile: Profile | null
  /** `undefined`: it serves until it is told to stop. */
  readonly program: readonly [string, ...string[]] | undefined
  placeFor(protocol: string): Place
}

/** Throws `UsageError`. */
function read(args: readonly string[]): Wanted {
  const end = args.indexOf('--')
  const { values, positionals } = parseArgs({
    args: end === -1 ? [...args] : args.slice(0, end),
    allowPositionals: true,
    options: {
      listen: { type: 'string' },
      expose: { type: 'boolean', default: false },
      socket: { type: 'string' },
      exec: { type: 'boolean', default: false },
      profile: { type: 'string' },
      gateway: { type: 'string' },
      ca: { type: 'string' },
      as: { type: 'string' },
      login: { type: 'string' },
      'subject-token-file': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const [target, ...more] = positionals
  if (target === undefined || more.length > 0) throw new UsageError('name one target')
  const [command, ...rest] = end === -1 ? [] : args.slice(end + 1)
  if (values.exec !== (command !== undefined))
    throw new UsageError('a program is run by: --exec -- <command> …')
  const ways = [values.as, values.login, values['subject-token-file']].filter((way) => way !== undefined)
  if (ways.length > 1) throw new UsageError('--as, --login and --subject-token-file exclude each other')
  if (values.listen !== undefined && values.socket !== undefined)
    throw new UsageError('--listen and --socket exclude each other')
  const { socket, profile = null } = values
  if (profile !== null && profile !== 'openai' && profile !== 'anthropic')
    throw new UsageError('--profile is openai or anthropic')
  const address = listenAt(values.listen ?? '0', values.expose)
  return {
    target,
    json: values.json,
    subject: { as: values.as, login: values.login, file: values['subject-token-file'] },
    ca: values.ca,
    gateway: values.gateway === undefined ? undefined : whole(values.gateway, '--gateway'),
    profile,
    program: command === undefined ? undefined : [command, ...rest],
    placeFor: (protocol) =>
      socket === undefined
        ? { kind: 'address', address }
        : { kind: 'socket', path: socketIn(socket, protocol, target) },
  }
}

function listenAt(text: string, exposed: boolean): Address {
  const address = whole(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text, '--listen')
  if (!isLoopback(address.host) && !exposed)
    throw new UsageError(
      `at ${address.host} other machines would act as you: listen on 127.0.0.1, or say --expose too`,
    )
  return address
}

function whole(text: string, option: string): Address {
  const address = addressOf(text)
  const { host, port } = address
  if (host === '' || !/:\d+$/.test(text) || port > 65_535)
    throw new UsageError(`${option} is a host and a port, e.g. 127.0.0.1:6432`)
  return address
}

const defaultPorts: Readonly<Record<string, number>> = { postgres: 7432, http: 7480, ssh: 7422 }

function gatewayAt(protocol: string, api: string, listen: Readonly<Record<string, string>>): Address {
  const known = listen[protocol]
  if (known !== undefined) return addressOf(known)
  return { host: hostOf(new URL(api)), port: defaultPorts[protocol] ?? 0 }
}

/** For all that this process asks over TLS. */
async function trust(file: string): Promise<void> {
  setDefaultCACertificates([...getCACertificates('default'), await readFile(file, 'utf8')])
}

async function serveUntilStopped(
  protocol: string,
  { target, json }: Wanted,
  { url, files, actor, examples }: Offer,
  by: string,
  io: Io,
): Promise<number> {
  if (json) io.out(`${JSON.stringify({ target, protocol, url, ...files })}\n`)
  else {
    io.out(`${target} is at ${url}\nby the token of ${by}, until Ctrl-C. Whoever ${actor} acts so.\n`)
    for (const example of examples) io.out(`  ${example}\n`)
  }
  if (!io.signal.aborted) await once(io.signal, 'abort')
  return 0
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
