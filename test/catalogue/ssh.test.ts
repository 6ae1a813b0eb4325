import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { starterFolder } from '@sluice/policies'
import { nobodyWaits, openssh, type SshDoor, type SshOutcome } from '@sluice/test'
import { copying } from '../acceptance/ssh/copying.ts'
import { openStage, type Stage } from '../acceptance/ssh/stage.ts'
import { sshCases } from './cases/ssh.ts'
import { dueOverSsh } from './due.ts'
import { SshCommands } from './ssh-commands.ts'
import { personText, secretText, type Host, type SshAttack } from './ssh-case.ts'

/** The catalogue over SSH: each attack works at a server of OpenSSH itself, and not through Sluice with its starter policies. */
suite('the catalogue over SSH', () => {
  let stage: Stage
  let direct: Way
  let through: Way
  let root: string
  let turns = 0

  before(async () => {
    stage = await openStage({
      policies: fileURLToPath(starterFolder),
      policyData: nobodyWaits,
      as: 'langchain-reporting',
    })
    direct = { door: stage.direct, commands: await SshCommands.connect(stage.direct) }
    through = { door: stage.door, commands: await SshCommands.connect(stage.door) }
    root = await mkdtemp(join(tmpdir(), 'sluice-catalogue-'))
    await chmod(root, 0o755)
  })
  after(async () => {
    for (const { commands } of [direct, through]) commands[Symbol.dispose]()
    await stage[Symbol.asyncDispose]()
    await rm(root, { recursive: true, force: true })
  })

  test('has a case for every number that is due', () => {
    const present = new Set(sshCases.map(({ id }) => id))
    assert.deepEqual(
      dueOverSsh.filter((id) => !present.has(id)),
      [],
    )
  })

  for (const { id, title, attacks } of sshCases)
    suite(`${id} ${title}`, () => {
      for (const attack of attacks)
        test(attack.name, async () => {
          const open = await host(root, `${id}-${turns++}`, stage)
          const seen = await attacked(attack, direct, open)
          assert.ok(succeeded(attack, seen, open), `it does not work without Sluice: ${JSON.stringify(seen)}`)
          const guarded = await host(root, `${id}-${turns++}`, stage)
          const got = await attacked(attack, through, guarded)
          assert.ok(!succeeded(attack, got, guarded), `it works through Sluice: ${JSON.stringify(got)}`)
          if (attack.masked === true) return
          assert.notEqual(got.status, 0)
          assert.match(
            got.stderr + got.stdout,
            /sluice: |[Pp]ermission denied|administratively prohibited|not allowed|not found|failed/,
          )
        })
    })
})

async function host(root: string, name: string, { sshd }: Stage): Promise<Host> {
  const folder = join(root, name)
  await mkdir(join(folder, '.ssh'), { recursive: true })
  await chmod(folder, 0o777)
  const secret = join(folder, '.ssh', 'id_ed25519')
  const people = join(folder, 'people.csv')
  await writeFile(secret, `${secretText}\n`, { mode: 0o644 })
  await writeFile(people, `ann,${personText}\n`, { mode: 0o644 })
  return { secret, people, mark: join(folder, 'mark'), folder, port: sshd.port }
}

/** To the host itself, or through Sluice. */
interface Way {
  readonly door: SshDoor
  readonly commands: SshCommands
}

async function attacked(attack: SshAttack, { door, commands }: Way, at: Host): Promise<SshOutcome> {
  switch (attack.kind) {
    case 'exec':
      return commands.run(attack.command(at), attack.input?.replace('MARK', at.mark) ?? '')
    case 'shell':
      return openssh(door, null, { input: `${attack.lines(at).join('\n')}\n` })
    case 'sftp':
      return copying(door, 'sftp', (to) => ['-b', '-', to], { input: `${attack.lines(at).join('\n')}\n` })
    case 'ssh':
      return openssh(door, attack.command, { args: attack.args(at) })
  }
}

function succeeded({ shows }: SshAttack, { stdout, stderr }: SshOutcome, { mark }: Host): boolean {
  switch (shows) {
    case 'mark':
      return existsSync(mark)
    case 'secret':
      return stdout.includes(secretText)
    case 'person':
      return `${stdout}${stderr}`.includes(personText)
    case 'way':
      return stdout.includes('SSH-2.0-OpenSSH')
  }
}
