import { mkdtempSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address } from '@sluice/core'
import { newKeyPair } from '@sluice/identity'
import { replaceFile } from '../replace-file.ts'

/** What a client of OpenSSH needs for one target: nobody but its owner reads it, and it is gone when the sidecar is. */
export interface SshFolder extends Disposable {
  readonly path: string
  /** The file for `ssh -F`. */
  readonly config: string
  /** The line of the key that certificates are to be over. */
  readonly publicKey: string
  certify(certificate: string): Promise<void>
  /** Throws when a client could not read the paths. */
  configure(target: string, address: Address, hostKey: string): Promise<void>
}

/** The gateway's name in its `known_hosts`, so that no address of this machine is ever taken for it. */
const alias = 'sluice-gateway'
/** What ssh_config, a shell and rsync all read as it stands. */
const plainPath = /^[\w/.:@+-]+$/

export async function openSshFolder(): Promise<SshFolder> {
  // It is made with mode 0700.
  const path = mkdtempSync(join(tmpdir(), 'sluice-ssh-'))
  const remove = (): void => rmSync(path, { recursive: true, force: true })
  process.once('exit', remove)
  const at = (name: string): string => join(path, name)
  const { privateKey, publicKey } = newKeyPair('sluice connect')
  const folder: SshFolder = {
    path,
    config: at('config'),
    publicKey,
    certify: (certificate) => replaceFile(at('key-cert.pub'), `${certificate}\n`),
    async configure(target, address, hostKey) {
      await replaceFile(at('known_hosts'), `${alias} ${hostKey}\n`)
      await replaceFile(at('config'), configOf(target, address, at))
    },
    [Symbol.dispose]() {
      process.off('exit', remove)
      remove()
    },
  }
  using parts = new DisposableStack()
  parts.use(folder)
  if (!plainPath.test(path))
    throw new Error(`ssh could not read the path ${path}: set TMPDIR to one of plain letters`)
  await writeFile(at('key'), privateKey, { mode: 0o600 })
  parts.move()
  return folder
}

/** Names of targets need no quoting. Nothing but the certificate is offered, and nobody is asked for a password. */
function configOf(target: string, { host, port }: Address, at: (name: string) => string): string {
  return [
    `Host ${target}`,
    `  HostName ${host}`,
    `  Port ${port}`,
    `  User ${target}`,
    `  IdentityFile ${at('key')}`,
    `  CertificateFile ${at('key-cert.pub')}`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    '  PreferredAuthentications publickey',
    `  HostKeyAlias ${alias}`,
    `  UserKnownHostsFile ${at('known_hosts')}`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    '  UpdateHostKeys no',
    '',
  ].join('\n')
}
