import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  AllowError,
  AllowList,
  AgentState,
  enrol,
  EnrolmentError,
  NotWelcome,
  runAgent,
  StateError,
} from '@sluice/agent'
import { systemClock, systemIds, type Address } from '@sluice/core'
import { Unreachable, UsageError, type Command, type Io } from '../command.ts'
import { addressOf } from '../config/address.ts'
import { dataFolder } from '../demo-state.ts'
import { printable } from '../printable.ts'
import { version } from '../version.ts'
import { freeBuffersYoung } from '../young-buffers.ts'

export const agent: Command = {
  usage: `sluice agent --gateway <host:port> --allow <host:port> … [--token-file <file>]

  Dials out to the gateway and keeps a connection there, over which it opens connections to what is listed, and to
  nothing else. It needs no open port, and no credential of any target.

  --gateway <host:port>  where the gateway takes agents (its listen.agents). For several gateways of a log repeat it, or give a
                         name with the addresses of all: it keeps a connection to each
  --allow <host:port>    where gateways may be let through to: a name, an address, or a range such as 10.1.0.0/16:5432;
                         the port a number or *. A name that is not listed is not looked up. This machine and link-local
                         addresses only where they are listed themselves
  --token-file <file>    what sluice agents enrol has printed, or SLUICE_AGENT_TOKEN: needed once
  --state <folder>       for its key, which never leaves it, and its certificate; default $SLUICE_DATA/agent

  It ends with 1 when it was removed, its certificate has expired or its token is not taken, 3 when no gateway answers
  to enrol it.`,

  async run(args, io) {
    const { gateways, allow, folder, tokenFile } = read(args, io)
    const state = await opened(folder)
    const tell = (what: string): void => io.error(`sluice agent: ${printable(what)}\n`)
    if (state.certificate === null) {
      const token = await tokenOf(tokenFile, io)
      if (token === null)
        throw new UsageError(`it has not enrolled in ${folder}: give it a token (sluice agents enrol <name>)`)
      const { id, name } = await enrolled(token, { gateways, state, version })
      tell(`enrolled as ${name}, ${id}`)
    }
    const ids = systemIds(systemClock)
    freeBuffersYoung()
    await runAgent({ gateways, allow, state, version, clock: systemClock, ids, tell, signal: io.signal })
    return 0
  },
}

interface Wanted {
  readonly gateways: readonly [Address, ...Address[]]
  readonly allow: AllowList
  readonly folder: string
  readonly tokenFile: string | undefined
}

/** Throws `UsageError`. */
function read(args: readonly string[], io: Io): Wanted {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      gateway: { type: 'string', multiple: true, default: [] },
      allow: { type: 'string', multiple: true, default: [] },
      state: { type: 'string' },
      'token-file': { type: 'string' },
    },
  })
  if (positionals.length > 0) throw new UsageError(`unexpected "${positionals.join(' ')}"`)
  const [first, ...others] = values.gateway.map(gatewayAt)
  if (first === undefined) throw new UsageError('name a gateway: --gateway <host:port>')
  if (values.allow.length === 0)
    throw new UsageError('say where gateways may be let through to: --allow <host:port>')
  return {
    gateways: [first, ...others],
    allow: allowed(values.allow),
    folder: values.state ?? join(dataFolder(io.env), 'agent'),
    tokenFile: values['token-file'],
  }
}

function allowed(texts: readonly string[]): AllowList {
  try {
    return new AllowList(texts)
  } catch (error) {
    throw error instanceof AllowError ? new UsageError(error.message) : error
  }
}

function gatewayAt(text: string): Address {
  const address = addressOf(text)
  if (address.host === '' || !/:\d+$/.test(text) || address.port > 65_535)
    throw new UsageError('--gateway is a host and a port, e.g. sluice.example:7444')
  return address
}

async function opened(folder: string): Promise<AgentState> {
  try {
    return await AgentState.open(folder)
  } catch (error) {
    throw error instanceof StateError ? new UsageError(error.message) : error
  }
}

async function tokenOf(file: string | undefined, io: Io): Promise<string | null> {
  if (file !== undefined) return (await readFile(file, 'utf8')).trim()
  return io.env['SLUICE_AGENT_TOKEN'] ?? null
}

async function enrolled(token: string, options: Parameters<typeof enrol>[1]): ReturnType<typeof enrol> {
  try {
    return await enrol(token, options)
  } catch (error) {
    if (error instanceof NotWelcome) throw new Error(printable(error.message), { cause: error })
    throw error instanceof EnrolmentError ? new Unreachable(printable(error.message)) : error
  }
}
