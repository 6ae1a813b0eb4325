import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@sluice/demo'
import { sshKeygen } from './openssh.ts'
import { programOf } from './program.ts'

/** Where tests run as root they log in as somebody else, so that nothing they run there harms the machine. */
const account = 'sluice-sshd-test'

/** OpenSSH's own server, for a user without rights. */
export interface Sshd {
  readonly host: string
  readonly port: number
  readonly user: string
  /** A private key with which the user may log in. */
  readonly key: string
  readonly keyFile: string
  /** The line of its public host key. */
  readonly hostKey: string
  /** A folder of the user's. */
  readonly home: string
  /** What it says of itself. */
  log(): string
  close(): Promise<void>
}

/** Where a server that is about to start has its files. */
export interface SshdFiles {
  readonly home: string
  /** Its private key; the public one is beside it. */
  readonly hostKeyFile: string
}

/**
 * Throws with what to install where there is no OpenSSH and none can be had. `prepare`: writes what else it needs, and says
 * its further settings.
 */
export async function startSshd(
  prepare: (files: SshdFiles) => Promise<readonly string[]> = async () => [],
  kind: readonly string[] = ['ed25519'],
): Promise<Sshd> {
  const program = await programOf('sshd', 'openssh-server')
  const { user, uid, gid } = accountOf()
  const home = await mkdtemp(join(tmpdir(), 'sluice-sshd-'))
  await using parts = new AsyncDisposableStack()
  parts.defer(() => rm(home, { recursive: true, force: true }))
  const [hostKeyFile, keyFile] = [join(home, 'host'), join(home, 'user')]
  await sshKeygen('-q', '-t', ...kind, '-N', '', '-C', '', '-f', hostKeyFile)
  await sshKeygen('-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', keyFile)
  await writeFile(join(home, 'authorized_keys'), await readFile(`${keyFile}.pub`))
  const settings = await prepare({ home, hostKeyFile })
  const port = await freePort()
  const config = join(home, 'sshd_config')
  await writeFile(config, `${[...settings, ...fixed(home, hostKeyFile, port)].join('\n')}\n`)
  await chown(home, uid, gid)
  const server = spawn(program, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  parts.defer(async () => {
    const gone = server.exitCode === null ? once(server, 'exit') : undefined
    server.kill()
    await gone
  })
  await answering(port, () => said)
  const open = parts.move()
  return {
    host: '127.0.0.1',
    port,
    user,
    key: await readFile(keyFile, 'utf8'),
    keyFile,
    hostKey: (await readFile(`${hostKeyFile}.pub`, 'utf8')).trim(),
    home,
    log: () => said,
    close: () => open.disposeAsync(),
  }
}

function fixed(home: string, hostKeyFile: string, port: number): readonly string[] {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${hostKeyFile}`,
    `AuthorizedKeysFile ${join(home, 'authorized_keys')}`,
    `PidFile ${join(home, 'pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'AcceptEnv *',
    'MaxSessions 100',
    'MaxStartups 100',
    'LogLevel VERBOSE',
    'Subsystem sftp internal-sftp',
  ]
}

function accountOf(): { readonly user: string; readonly uid: number; readonly gid: number } {
  const own = userInfo()
  if (own.uid !== 0) return { user: own.username, uid: own.uid, gid: own.gid }
  mkdirSync('/run/sshd', { recursive: true })
  spawnSync('useradd', [
    '--system',
    '--no-create-home',
    '--home-dir',
    tmpdir(),
    '--shell',
    '/bin/sh',
    account,
  ])
  // Without a password, but not locked.
  spawnSync('usermod', ['--password', '*', account])
  const id = (flag: string): number => Number(spawnSync('id', [flag, account], { encoding: 'utf8' }).stdout)
  return { user: account, uid: id('-u'), gid: id('-g') }
}

async function answering(port: number, said: () => string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect({ host: '127.0.0.1', port })
    const [answered] = await Promise.race([
      once(socket, 'data').then(() => [true]),
      once(socket, 'error').then(() => [false]),
      sleep(1_000).then(() => [false]),
    ]).catch(() => [false])
    socket.destroy()
    if (answered === true) return
    await sleep(50)
  }
  throw new Error(`sshd does not answer: ${said()}`)
}
