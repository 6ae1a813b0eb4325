import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ssh } from '@sluice/ssh'
import { startSshd, type SshDoor } from '../../src/index.ts'
import { sshKeygen } from '../../src/openssh.ts'
import { inRounds, type Reading } from '../rounds.ts'
import { serve } from '../serve.ts'
import { spread } from '../statistics.ts'

/**
 * What the gateway costs over SSH, as ratios of one run to OpenSSH's own server: a connection with one command, and two
 * hundred megabytes of output. Clients, key exchange and cipher are the same for all, and everybody logs in with a key of
 * the same kind; the gateway judges, records durably and captures the whole output.
 */

const rounds = Number(process.env['SLUICE_ROUNDS'] ?? 5)
const bulkBytes = Number(process.env['SLUICE_MEGABYTES'] ?? 200) * 1_000_000
/** Connections with one command, one after the other, in each round. */
const execs = 10
const pinned = ['-o', 'KexAlgorithms=curve25519-sha256', '-c', 'aes128-gcm@openssh.com']
const policies = fileURLToPath(new URL('../../acceptance/policies/ssh-all', import.meta.url))

interface Target {
  readonly name: string
  readonly door: SshDoor
}

await using parts = new AsyncDisposableStack()
const [load = 0] = loadavg()
if (load > cpus().length) console.error(`the machine is busy (load ${load.toFixed(1)}): figures will be void`)
const sshd = await startSshd()
parts.defer(() => sshd.close())
const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-ssh-'))
parts.defer(() => rm(folder, { recursive: true }))
const keyFile = join(folder, 'key')
const file = join(sshd.home, 'bulk')
await writeFile(
  file,
  Buffer.alloc(bulkBytes, '2026-11-27T12:00:00Z host app[4711]: GET /orders/4711 200 12 ms user=ann\n'),
)
await sshKeygen('-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', keyFile)
const publicKey = (await readFile(`${keyFile}.pub`, 'utf8')).trim()
const target = {
  protocol: 'ssh',
  address: `${sshd.host}:${sshd.port}`,
  host_key: sshd.hostKey,
  credential: { user: sshd.user, password: { env: 'BENCH_KEY' } },
}
// In a process of its own: the clients are started and read by this one.
const gateway = parts.use(
  await serve({
    folder,
    config: {
      listen: { ssh: '127.0.0.1:0' },
      policies: { path: policies },
      targets: [
        { ...target, name: 'plain' },
        { ...target, name: 'masked', labels: { detectors: 'ssn card' } },
      ],
    },
    identity: { ssh_keys: [{ key: publicKey, subject: 'bench#bench', life_s: 900 }] },
    variables: { BENCH_KEY: sshd.key },
    listener: String.raw`SSH +127\.0\.0\.1:(?<port>\d+)`,
  }),
)
const { impairments = [] } = ssh
if (impairments.length > 0) throw new Error(`figures would mean nothing: ${impairments.join()}`)

const front = { host: '127.0.0.1', port: Number(gateway.ready.groups?.['port']), keyFile }
const direct = { host: sshd.host, port: sshd.port, user: sshd.user, keyFile: sshd.keyFile }
const targets: readonly Target[] = [
  { name: 'direct', door: direct },
  { name: 'direct2', door: direct },
  { name: 'sluice', door: { ...front, user: 'plain' } },
  { name: 'sluice masked', door: { ...front, user: 'masked' } },
]

const measured = await inRounds('ssh', rounds, targets, measure)
for (const field of ['exec', 'bulk'] as const) {
  console.log(
    `\n${field === 'exec' ? 'connect + exec, ms (lower is better)' : 'bulk, MB/s (higher is better)'}`,
  )
  console.log(measured.validity(field).text)
  for (const { name } of targets)
    console.log(
      `${name.padEnd(14)} ${measured.middle(name, field).toFixed(1).padStart(8)}   × direct ${spread(measured.ratios(name, field, 'direct'))}`,
    )
}

async function measure({ door }: Target): Promise<Reading<'exec' | 'bulk'>> {
  let took = 0
  for (let run = 0; run < execs; run++) took += await timed(door, 'true', 0)
  const bulkMs = await timed(door, `cat ${file}`, bulkBytes)
  return { exec: took / execs, bulk: bulkBytes / 1_000 / bulkMs }
}

/** Milliseconds until the client has ended. Throws when it did not get all. */
async function timed(
  { host, port, user, keyFile: key = '' }: SshDoor,
  command: string,
  bytes: number,
): Promise<number> {
  const options = [
    '-o',
    'StrictHostKeyChecking=no',
    '-o',
    'UserKnownHostsFile=/dev/null',
    '-o',
    'LogLevel=ERROR',
  ]
  const own = ['-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-i', key]
  const started = performance.now()
  const child = spawn(
    'ssh',
    ['-F', 'none', ...pinned, ...options, ...own, '-p', String(port), `${user}@${host}`, command],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let got = 0
  for await (const piece of child.stdout) got += (piece as Buffer).length
  const status = await new Promise((resolve) =>
    child.exitCode === null ? child.once('close', resolve) : resolve(child.exitCode),
  )
  if (status !== 0 || got !== bytes) throw new Error(`${command}: status ${String(status)}, ${got} bytes`)
  return performance.now() - started
}
