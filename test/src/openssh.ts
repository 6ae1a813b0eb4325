import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { programOf } from './program.ts'

const run = promisify(execFile)

/** Runs OpenSSH's ssh-keygen and gives what it printed. Throws, with what to install, when there is none. */
export async function sshKeygen(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(await programOf('ssh-keygen', 'openssh-client'), args)
  return stdout
}
