import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs OpenSSH's ssh-keygen and gives what it printed. Throws, with what to install, when there is none. */
export async function sshKeygen(...args: readonly string[]): Promise<string> {
  await opensshInstalled()
  const { stdout } = await run('ssh-keygen', args)
  return stdout
}

let installed: Promise<void> | undefined

/** On a machine without OpenSSH's client: takes it from the system's packages where that is possible. */
export function opensshInstalled(): Promise<void> {
  return (installed ??= install())
}

async function install(): Promise<void> {
  const works = (): Promise<boolean> =>
    run('ssh', ['-V']).then(
      () => true,
      () => false,
    )
  if (await works()) return
  if (process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    await run('apt-get', ['install', '--yes', '--quiet', 'openssh-client'], { env }).catch(() => undefined)
  }
  if (!(await works()))
    throw new Error(
      'OpenSSH is not installed: apt-get install openssh-client, or your system’s package of that kind',
    )
}
