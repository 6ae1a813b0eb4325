import { spawn } from 'node:child_process'
import { askpass, programOf, type SshDoor, type SshOutcome } from '@sluice/test'

/** Runs a program of OpenSSH, or one that starts `ssh`, with what gets it in through a door. */
export async function copying(
  door: SshDoor,
  program: 'sftp' | 'scp' | 'rsync' | 'git',
  args: (destination: string) => readonly string[],
  { input = '', cwd }: { readonly input?: string; readonly cwd?: string } = {},
): Promise<SshOutcome> {
  await using asker = await askpass(door.token ?? '')
  const options = [
    '-o',
    'BatchMode=no',
    '-F',
    'none',
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
    '-o',
    `Port=${door.port}`,
    ...(door.keyFile === undefined ? ['-o', 'PubkeyAuthentication=no'] : ['-i', door.keyFile]),
  ]
  const own = program === 'sftp' || program === 'scp' ? options : []
  const ssh = ['ssh', ...options].join(' ')
  const child = spawn(program, [...own, ...args(`${door.user}@${door.host}`)], {
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      ...asker.env,
      RSYNC_RSH: ssh,
      GIT_SSH_COMMAND: ssh,
      GIT_CONFIG_GLOBAL: '/dev/null',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const texts = Promise.all([child.stdout, child.stderr].map(textOf))
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const [stdout = '', stderr = ''] = await texts
  return { status, stdout, stderr }
}

/** Installs rsync and git where they are missing and that is possible. */
export async function withCopiers(): Promise<void> {
  for (const name of ['rsync', 'git']) await programOf(name)
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}
