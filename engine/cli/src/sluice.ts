import { UsageError, Unreachable, type Command, type Io } from './command.ts'
import { ConfigError } from './config/problem.ts'
import { nearest } from './config/nearest.ts'
import { Interrupted } from './patience.ts'

interface Entry {
  readonly summary: string
  /** Each command loads what it needs: printing a token should not wait for a gateway to be read in. */
  readonly load: () => Promise<Command>
}

const commands: Readonly<Record<string, Entry>> = {
  serve: {
    summary: 'run the gateway',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  token: {
    summary: 'print a short-lived gateway token, usable as a password',
    load: async () => (await import('./commands/token.ts')).token,
  },
  login: {
    summary: 'log in at your identity provider, with a browser or on another device',
    load: async () => (await import('./commands/login.ts')).login,
  },
  logout: {
    summary: 'forget a login, and have its tokens revoked',
    load: async () => (await import('./commands/logout.ts')).logout,
  },
  connect: {
    summary: 'an address of this machine that leads to a target, with the token seen to',
    load: async () => (await import('./commands/connect.ts')).connect,
  },
  ssh: {
    summary: 'a certificate for your SSH key; the line by which clients know the gateway',
    load: async () => (await import('./commands/ssh.ts')).ssh,
  },
  targets: {
    summary: 'list, add and remove what can be reached through the gateway',
    load: async () => (await import('./commands/targets.ts')).targets,
  },
  approvals: {
    summary: 'list what waits for people; approve and reject it',
    load: async () => (await import('./commands/approvals.ts')).approvals,
  },
  sessions: {
    summary: 'list, show, replay and end sessions',
    load: async () => (await import('./commands/sessions.ts')).sessions,
  },
  access: {
    summary: 'ask for access for a while; approve, reject and revoke it',
    load: async () => (await import('./commands/access.ts')).access,
  },
  policy: {
    summary: 'check, test and try policies; list and activate the revisions of a gateway',
    load: async () => (await import('./commands/policy.ts')).policy,
  },
  audit: {
    summary: 'read the record, or prove that it is whole',
    load: async () => (await import('./commands/audit.ts')).audit,
  },
  export: {
    summary: 'hand the record to a SIEM, a file or a topic',
    load: async () => (await import('./commands/export.ts')).exportCommand,
  },
  agent: {
    summary:
      'reach targets in a private network: dials out to the gateway, and lets it through to what you list',
    load: async () => (await import('./commands/agent.ts')).agent,
  },
  agents: {
    summary: 'list agents, have one enrol, remove one',
    load: async () => (await import('./commands/agents.ts')).agents,
  },
  doctor: {
    summary: 'check what the gateway needs, and say what is wrong',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
}

/** `sluice <command>`: finds the command, and turns what it throws into words and an exit code. */
export async function sluice(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    io.out(overview())
    return name === undefined ? 2 : 0
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (entry === undefined) {
    const near = nearest(name, Object.keys(commands))
    io.error(
      `sluice: no command "${name}"${near === null ? '' : `, did you mean "${near}"?`}\n\n${overview()}`,
    )
    return 2
  }
  const command = await entry.load()
  // Behind `--` stands another program's command line.
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest
  if (own.includes('--help') || own.includes('-h')) {
    io.out(`${command.usage}\n`)
    return 0
  }
  return run(command, rest, io)
}

async function run(command: Command, args: readonly string[], io: Io): Promise<number> {
  try {
    return await command.run(args, io)
  } catch (error) {
    if (error instanceof Interrupted || io.signal.aborted) return 1
    if (error instanceof UsageError || isParseArgsError(error)) {
      io.error(`sluice: ${error.message}\n\n${command.usage}\n`)
      return 2
    }
    if (error instanceof ConfigError) {
      io.error(`${error.message}\n`)
      return 2
    }
    if (error instanceof Unreachable) {
      io.error(`sluice: ${error.message}\n`)
      return 3
    }
    io.error(`sluice: ${described(error)}\n`)
    return 1
  }
}

function isParseArgsError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
}

function described(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'ENOENT' && 'path' in error)
    return `${String(error.path)} does not exist`
  return error.message
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length))
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`)
  return `sluice <command> [--help]\n\n${lines.join('\n')}\n`
}
