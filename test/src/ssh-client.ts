import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

/** What a command of OpenSSH did. */
export interface SshOutcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface SshOptions {
  /** What it is given on its standard input; `null`: nothing, and no end of it. */
  readonly input?: string | Buffer | AsyncIterable<string> | null
  readonly env?: Readonly<Record<string, string>>
  /** Further arguments, before the destination. */
  readonly args?: readonly string[]
  readonly signal?: AbortSignal
}

/** Where a client connects, and how it gets in. */
export interface SshDoor {
  readonly host: string
  readonly port: number
  readonly user: string
  /** A token, or the file of a private key. */
  readonly token?: string
  readonly keyFile?: string
}

/** OpenSSH's own client, with a password that nobody types. */
export async function openssh(
  door: SshDoor,
  command: string | null,
  { input = '', env = {}, args = [], signal }: SshOptions = {},
): Promise<SshOutcome> {
  await using asker = await askpass(door.token ?? '')
  const known = [
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ]
  const key = door.keyFile === undefined ? ['-o', 'PubkeyAuthentication=no'] : ['-i', door.keyFile]
  const where = [
    '-F',
    'none',
    '-p',
    String(door.port),
    // Of an option that is given twice the first counts.
    ...args,
    ...known,
    ...key,
    `${door.user}@${door.host}`,
  ]
  const child = spawn('ssh', command === null ? where : [...where, command], {
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', ...asker.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  if (typeof input === 'string' || Buffer.isBuffer(input)) child.stdin.end(input)
  else if (input !== null) Readable.from(input).pipe(child.stdin)
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)]
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { status, stdout: await stdout, stderr: await stderr }
}

/** A program that says the password when OpenSSH asks for it. */
export async function askpass(
  secret: string,
): Promise<{ readonly env: Readonly<Record<string, string>> } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-askpass-'))
  const file = join(folder, 'askpass')
  await writeFile(file, '#!/bin/sh\nprintf "%s\\n" "$SLUICE_TEST_TOKEN"\n', { mode: 0o700 })
  return {
    env: { SSH_ASKPASS: file, SSH_ASKPASS_REQUIRE: 'force', SLUICE_TEST_TOKEN: secret },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}
