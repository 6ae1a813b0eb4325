import { access, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { SshCertificateLine, SshKnownLine } from '@sluice/api'
import { apiOf, apiUrl } from '../api-url.ts'
import { clientAt } from '../client.ts'
import { UsageError, type Command, type Io } from '../command.ts'
import { hostOf } from '../config/address.ts'
import { subjectOf } from '../connect/subject-token.ts'
import { demoState } from '../demo-state.ts'
import { replaceFile } from '../replace-file.ts'

const options = {
  target: { type: 'string', multiple: true },
  command: { type: 'string' },
  from: { type: 'string', multiple: true },
  out: { type: 'string' },
  host: { type: 'string' },
  plain: { type: 'boolean', default: false },
  logins: { type: 'boolean', default: false },
  login: { type: 'string' },
  as: { type: 'string' },
  'subject-token-file': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

export const ssh: Command = {
  usage: `sluice ssh certificate [<key.pub>] [--target <name>]… [--json]
sluice ssh ca [--host <pattern>] [--plain | --logins] [--json]

  certificate  has your public key certified for as long as your token lasts, and leaves the certificate beside the key,
               where ssh, scp and sftp find it
  ca           the line for known_hosts by which clients know the gateway whatever its host key is; it needs
               listen.ssh.names at the gateway

  <key.pub>                    default the first of ~/.ssh/id_ed25519.pub, id_ecdsa.pub and id_rsa.pub
  --target <name>              only for this target; default all of SSH
  --command <command>          it runs this and nothing else, whatever is asked for
  --from <network>             only from there, e.g. 10.0.0.0/8
  --out <file>                 where the certificate is written; "-" prints it
  --host <pattern>             how clients call the gateway; default [<host of SLUICE_URL>]:7422
  --plain                      the host key itself, for clients that know no authorities, e.g. paramiko
  --logins                     what hosts put into the file of TrustedUserCAKeys, so that the gateway can log in there
                               by certificates (certificate: issued)
  --login <name>               one of sluice login; default the latest
  --as <name>                  a subject of the demo
  --subject-token-file <file>  your provider's access token`,

  async run(args, io) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options })
    const [what, ...more] = positionals
    if (what === 'certificate' && more.length <= 1) return certificate(more[0], values, io)
    if (what === 'ca' && more.length === 0) return known(values, io)
    throw new UsageError(what === undefined ? 'certificate or ca?' : `unknown "ssh ${positionals.join(' ')}"`)
  },
}

async function certificate(named: string | undefined, values: Values, io: Io): Promise<number> {
  const file = named ?? (await ownKey(io))
  const out = values.out ?? certificateFile(file)
  const api = apiUrl(apiOf(io.env, await demoState(io.env)))
  const { as, login, 'subject-token-file': tokenFile } = values
  const { obtain } = await subjectOf({ as, login, file: tokenFile }, null, api, io)
  const client = clientAt(api, (await obtain()).token, io.signal)
  const { target: targets, command, from } = values
  const body = { public_key: (await readFile(file, 'utf8')).trim(), targets, command, from }
  const issued = (await (await client.post('/v1/ssh/certificate', body)).json()) as SshCertificateLine
  if (out === '-') io.out(`${issued.certificate}\n`)
  else await replaceFile(out, `${issued.certificate}\n`)
  if (values.json) io.out(`${JSON.stringify(issued)}\n`)
  else if (out !== '-')
    io.out(`${out} is valid until ${issued.valid_until} at ${issued.targets.join(', ')}\n`)
  return 0
}

async function known({ host, plain, logins, json }: Values, io: Io): Promise<number> {
  const demo = await demoState(io.env)
  const api = apiOf(io.env, demo)
  const lines = (await (await clientAt(api, null, io.signal).get('/v1/ssh/known')).json()) as SshKnownLine
  const pattern = host ?? `[${hostOf(new URL(api))}]:7422`
  if (json) io.out(`${JSON.stringify({ host: pattern, ...lines })}\n`)
  else if (logins) io.out(`${lines.login_ca}\n`)
  else if (!plain && lines.names.length === 0) throw new UsageError(uncertified)
  else io.out(plain ? `${pattern} ${lines.host_key}\n` : `@cert-authority ${pattern} ${lines.ca}\n`)
  return 0
}

const uncertified =
  'this gateway shows no certificate of its host key: set listen.ssh.names there, or take the key itself with --plain'

/** OpenSSH looks for certificates there. */
function certificateFile(file: string): string {
  if (!file.endsWith('.pub') || file.endsWith('-cert.pub'))
    throw new UsageError(`${file} is not the .pub file of a key: name that, or say where to write with --out`)
  return `${file.slice(0, -'.pub'.length)}-cert.pub`
}

async function ownKey(io: Io): Promise<string> {
  const folder = join(io.env['HOME'] ?? homedir(), '.ssh')
  for (const name of ['id_ed25519.pub', 'id_ecdsa.pub', 'id_rsa.pub']) {
    const file = join(folder, name)
    const found = await access(file).then(
      () => true,
      () => false,
    )
    if (found) return file
  }
  throw new UsageError(
    `there is no key in ${folder}: make one with ssh-keygen -t ed25519, or name its .pub file`,
  )
}
