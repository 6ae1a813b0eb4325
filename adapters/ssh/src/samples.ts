import type { Sample } from '@sluice/core'
import { parseCommandLine } from './command-line.ts'
import { programActions, subsystemAction, wayAction, type Terminal } from './normalise.ts'
import { types } from './sftp/packet.ts'
import { requestOf } from './sftp/request.ts'
import type { SshSettings } from './target.ts'
import { text, u32 } from './wire.ts'

/** What people and agents run at hosts, from what only looks to what nobody can read. */
const commands = [
  'ls -l /var/log',
  'cat /etc/hostname',
  'cat /etc/shadow',
  'cat ~/.ssh/id_ed25519',
  'grep -r error /var/log',
  'ps aux',
  'touch /tmp/made_by_a_sample',
  'echo text > /tmp/made_by_a_sample',
  'rm /tmp/made_by_a_sample',
  'rm -rf /srv',
  'systemctl restart a_service',
  'curl https://example.com',
  'sudo id',
  'python3 -c "print(1)"',
  'cat $(echo /etc/hostname)',
  'nohup sleep 60 &',
] as const

const terminal: Terminal = { term: 'xterm-256color', columns: 80, rows: 24, modes: {} }

/** Flags of SSH_FXP_OPEN: to read; to write, made if it is not there and emptied. */
const [reading, writing] = [0x01, 0x1a]
const noAttributes = u32(0)

const files: readonly (readonly [what: string, type: number, fields: Buffer])[] = [
  ['sftp: get /etc/hostname', types.open, Buffer.concat([text('/etc/hostname'), u32(reading), noAttributes])],
  ['sftp: put /tmp/file', types.open, Buffer.concat([text('/tmp/file'), u32(writing), noAttributes])],
  ['sftp: ls /var/log', types.opendir, text('/var/log')],
  ['sftp: rm /tmp/file', types.remove, text('/tmp/file')],
  ['sftp: mkdir /tmp/folder', types.mkdir, Buffer.concat([text('/tmp/folder'), noAttributes])],
]

/** One of each kind, as the login that callers have who name none. They are read like a caller’s, and never sent. */
export function samples({ logins }: Pick<SshSettings, 'logins'>): readonly Sample[] {
  const login = logins[0] ?? 'someone'
  return [
    ...commands.map((command): Sample => {
      const program = { kind: 'exec', login, command, env: {}, terminal: null } as const
      return { what: command, actions: programActions(program, parseCommandLine(command)) }
    }),
    {
      what: 'a shell with a terminal',
      actions: programActions({ kind: 'shell', login, command: '', env: {}, terminal }, parseCommandLine('')),
    },
    ...files.flatMap(([what, type, fields]): readonly Sample[] => {
      const request = requestOf({ type, id: 1, fields })
      return request.kind === 'operation' || request.kind === 'open'
        ? [{ what, actions: [{ ...request.action, login }] }]
        : []
    }),
    { what: 'the subsystem netconf', actions: [subsystemAction(login, 'netconf')] },
    {
      what: 'a tunnel to 10.0.0.1:5432',
      actions: [wayAction('direct_tcpip', login, { host: '10.0.0.1', port: 5_432 })],
    },
  ]
}
