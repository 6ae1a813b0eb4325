import { randomBytes } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openssh, type SshDoor } from '@sluice/test'
import { copying, withCopiers } from './copying.ts'
import { openStage, type Stage } from './stage.ts'

const content = randomBytes(1_500_000)

suite('files are copied as they are without the gateway', () => {
  let stage: Stage
  let folder: string
  const at = (name: string): string => join(folder, name)

  before(async () => {
    await withCopiers()
    stage = await openStage()
    folder = await mkdtemp(join(tmpdir(), 'sluice-files-'))
    // The server is somebody else where the test runs as root.
    await chmod(folder, 0o777)
    await writeFile(at('content'), content)
  })
  after(async () => {
    await stage[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('OpenSSH sftp: up, down, lists, changes and removes', async () => {
    const script = (own: string): string =>
      [
        `cd ${folder}`,
        `mkdir ${own}`,
        `put ${at('content')} ${own}/a`,
        `chmod 640 ${own}/a`,
        `rename ${own}/a ${own}/b`,
        `get ${own}/b ${at(`${own}.got`)}`,
        `ls -1 ${own}`,
        `ln -s b ${own}/link`,
        `rm ${own}/link`,
        `rm ${own}/b`,
        `rmdir ${own}`,
        `-get nothing-here`,
      ].join('\n')
    const through = async (door: SshDoor, own: string): Promise<string> => {
      const { status, stdout, stderr } = await copying(door, 'sftp', (host) => ['-b', '-', host], {
        input: script(own),
      })
      assert.equal(status, 0, stderr)
      assert.deepEqual(await readFile(at(`${own}.got`)), content)
      return `${stdout}${stderr}`.replaceAll(own, 'own')
    }
    assert.equal(await through(stage.door, 'gate'), await through(stage.direct, 'open'))
  })

  for (const flags of [[], ['-O']])
    test(`scp ${flags.join(' ')} -r, up and down`, async () => {
      const own = `tree${flags.length}`
      await mkdir(at(own))
      await writeFile(at(`${own}/one`), content)
      await writeFile(at(`${own}/two`), 'two\n')
      const up = await copying(stage.door, 'scp', (host) => [
        ...flags,
        '-r',
        at(own),
        `${host}:${at(`${own}.up`)}`,
      ])
      assert.equal(up.status, 0, up.stderr)
      const down = await copying(stage.door, 'scp', (host) => [
        ...flags,
        '-r',
        `${host}:${at(`${own}.up`)}`,
        at(`${own}.down`),
      ])
      assert.equal(down.status, 0, down.stderr)
      assert.deepEqual(await readdir(at(`${own}.down`)), ['one', 'two'])
      assert.deepEqual(await readFile(at(`${own}.down/one`)), content)
    })

  test('rsync, up and down', async () => {
    await mkdir(at('sync'))
    await writeFile(at('sync/one'), content)
    const up = await copying(stage.door, 'rsync', (host) => [
      '-a',
      `${at('sync')}/`,
      `${host}:${at('synced')}`,
    ])
    assert.equal(up.status, 0, up.stderr)
    const down = await copying(stage.door, 'rsync', (host) => [
      '-a',
      '--delete',
      `${host}:${at('synced')}/`,
      at('back'),
    ])
    assert.equal(down.status, 0, down.stderr)
    assert.deepEqual(await readFile(at('back/one')), content)
  })

  test('git, push and clone', async () => {
    const made = await openssh(stage.door, `git init -q --bare ${at('repository.git')}`)
    assert.equal(made.status, 0, made.stderr)
    await mkdir(at('work'))
    const git = (...args: readonly string[]) => copying(stage.door, 'git', () => args, { cwd: at('work') })
    await git('init', '-q', '-b', 'trunk')
    await writeFile(at('work/file'), 'one\n')
    await git('add', 'file')
    await git('-c', 'user.name=x', '-c', 'user.email=x', 'commit', '-q', '-m', 'one')
    const url = `ssh://${stage.door.user}@${stage.door.host}:${stage.door.port}${at('repository.git')}`
    const pushed = await git('push', '-q', url, 'trunk')
    assert.equal(pushed.status, 0, pushed.stderr)
    const cloned = await git('clone', '-q', '-b', 'trunk', url, at('clone'))
    assert.equal(cloned.status, 0, cloned.stderr)
    assert.equal(await readFile(at('clone/file'), 'utf8'), 'one\n')
  })
})
