import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2, { type ClientChannel, type SFTPWrapper } from 'ssh2'
import { PacketCutter, packetOf, types, type Packet } from '../../../adapters/ssh/src/sftp/packet.ts'
import { text, u32, u64 } from '../../../adapters/ssh/src/wire.ts'
import { copying } from './copying.ts'
import { lastSession, recorded } from './recorded.ts'
import { openStage, type Stage } from './stage.ts'

suite('files over SFTP are judged, recorded and masked', () => {
  let stage: Stage
  let masked: Stage
  let folder: string
  const at = (name: string): string => join(folder, name)
  const sftp = (host: Stage, ...lines: readonly string[]) =>
    copying(host.door, 'sftp', (door) => ['-b', '-', door], { input: `${lines.join('\n')}\n` })

  before(async () => {
    stage = await openStage()
    masked = await openStage({ labels: { detectors: 'ssn email' } })
    folder = await mkdtemp(join(tmpdir(), 'sluice-judged-'))
    await chmod(folder, 0o777)
  })
  after(async () => {
    await stage[Symbol.asyncDispose]()
    await masked[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('a refusal is PERMISSION_DENIED, and says why, with its reference', async () => {
    await writeFile(at('FORBIDDEN'), 'secret\n')
    const { client, files } = await wrapper(stage)
    try {
      const refusal = await failed((done) => files.readFile(at('FORBIDDEN'), done))
      assert.match(
        refusal.message,
        /^sluice: Access denied by policy "all\/forbidden" \(ref dec_\w{26}\): Nobody may touch this\./,
      )
      assert.equal(refusal.code, 3)
      for (const attempt of [
        (done: Done) => files.unlink(at('x/../FORBIDDEN'), done),
        (done: Done) => files.rename(at('a'), at('FORBIDDEN'), done),
        (done: Done) => files.symlink(at('FORBIDDEN'), at('link'), done),
        (done: Done) => files.ext_openssh_hardlink(at('FORBIDDEN'), at('link'), done),
        (done: Done) => files.ext_openssh_rename(at('FORBIDDEN'), at('b'), done),
        (done: Done) => files.stat(at('./FORBIDDEN'), done),
        (done: Done) => files.readdir(at('FORBIDDEN'), done),
        (done: Done) => files.chmod(at('FORBIDDEN'), 0o777, done),
        (done: Done) => files.mkdir(at('FORBIDDEN/a'), done),
      ])
        assert.equal((await failed(attempt)).code, 3)
      // And the connection goes on.
      await writeFile(at('open'), 'fine\n')
      assert.equal(
        await new Promise((resolve) => files.readFile(at('open'), (_error, bytes) => resolve(String(bytes)))),
        'fine\n',
      )
    } finally {
      client.end()
    }
    assert.ok(existsSync(at('FORBIDDEN')) && !existsSync(at('link')))
    assert.doesNotMatch(stage.sshd.log(), /FORBIDDEN/)
  })

  test('what needs an approval and gets none is answered as pending', async () => {
    const { client, files } = await wrapper(stage)
    const { message, code } = await failed((done) => files.mkdir(at('ASK'), done))
    client.end()
    assert.equal(code, 3)
    assert.match(message, /\(ref apr_\w{26}\)/)
    assert.ok(!existsSync(at('ASK')))
  })

  test('the log has length and hash of what passed', async () => {
    const content = Buffer.alloc(200_000, 'abc')
    await writeFile(at('local'), content)
    const { status, stderr } = await sftp(
      stage,
      `put ${at('local')} ${at('stored')}`,
      `get ${at('stored')} ${at('again')}`,
    )
    assert.equal(status, 0, stderr)
    assert.deepEqual(await readFile(at('again')), content)
    const hash = createHash('sha256').update(content).digest('hex')
    const steps = await recorded(stage, await lastSession(stage))
    const told = steps
      .flatMap((step) => (step.step === 'answer' ? step.parts : []))
      .flatMap((part) => (part.kind === 'status' ? [part.text] : []))
    assert.ok(JSON.stringify(steps).includes(`: sftp.open_read ${at('stored')}`))
    const passed = `200000 bytes, SHA-256 ${hash}`
    assert.ok(told.includes(`written: ${passed}`), told.join())
    assert.ok(told.includes(`read: ${passed}`), told.join())
  })

  test('a text is read masked, at any offset, and has the size that is shown', async () => {
    const lines = Array.from({ length: 20_000 }, (_, at) => `${at},ann${at}@example.com,123-45-6789\n`)
    await writeFile(at('people.csv'), lines.join(''))
    const { status, stderr } = await sftp(masked, `get ${at('people.csv')} ${at('got.csv')}`)
    assert.equal(status, 0, stderr)
    assert.equal(
      await readFile(at('got.csv'), 'utf8'),
      lines.map((_, at) => `${at},[masked],[masked]\n`).join(''),
    )
  })

  test('below a folder that is open nothing has another name', async () => {
    await writeFile(at('other'), 'other\n')
    const { client, files } = await wrapper(stage)
    try {
      await new Promise((resolve) => files.opendir('/', resolve))
      // One of these is the folder, for OpenSSH.
      for (let descriptor = 3; descriptor < 12; descriptor++) {
        const way = `/dev/fd/${descriptor}${at('other')}`
        assert.match((await failed((done) => files.stat(way, done))).message, /below an open file/)
      }
    } finally {
      client.end()
    }
  })

  test('a file is used as it was opened for', async () => {
    await writeFile(at('long'), Buffer.alloc(100_000, 'x'))
    const { client, files } = await wrapper(stage)
    const handle = await new Promise<Buffer>((resolve, reject) =>
      files.open(at('long'), 'r', (error, opened) => (error === undefined ? resolve(opened) : reject(error))),
    )
    const written = await failed((done) => files.write(handle, Buffer.from('y'), 0, 1, 0, done))
    assert.match(written.message, /was not opened for this/)
    client.end()
  })

  test('two requests with one id are no SFTP: what is recorded of them would be of one', async () => {
    await writeFile(at('long'), Buffer.alloc(100_000, 'x'))
    const { client } = await wrapper(stage)
    const channel = await new Promise<ClientChannel>((resolve, reject) =>
      client.subsys('sftp', (error, opened) => (error === undefined ? resolve(opened) : reject(error))),
    )
    const cutter = new PacketCutter()
    const packets: Packet[] = []
    channel.on('data', (chunk: Buffer) => packets.push(...cutter.push(chunk)))
    let told = ''
    channel.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
    const answer = async (): Promise<Packet> => {
      while (packets.length === 0) await once(channel, 'data')
      return packets.shift() as Packet
    }
    channel.write(packetOf({ type: types.init, id: 3, fields: Buffer.alloc(0) }))
    assert.equal((await answer()).type, types.version)
    const opening = Buffer.concat([text(at('long')), u32(1), u32(0)])
    channel.write(packetOf({ type: types.open, id: 1, fields: opening }))
    const { type, fields: handle } = await answer()
    assert.equal(type, types.handle)
    const piece = (offset: bigint): Buffer =>
      packetOf({ type: types.read, id: 2, fields: Buffer.concat([handle, u64(offset), u32(1_000)]) })
    channel.write(Buffer.concat([piece(0n), piece(50_000n)]))
    await once(channel, 'close')
    client.end()
    assert.match(told, /What was sent is no SFTP/)
    assert.ok(packets.filter((packet) => packet.type === types.data).length <= 1)
  })

  test('what is no text is not read where masks apply, nor read and written at once', async () => {
    await writeFile(at('picture'), Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 1, 2]))
    const { client, files } = await wrapper(masked)
    const binary = await failed((done) => files.readFile(at('picture'), done))
    assert.match(binary.message, /cannot be read as a text/)
    const both = await failed((done) => files.open(at('people.csv'), 'r+', done))
    assert.match(both.message, /reading and writing at once/)
    client.end()
  })
})

type Failure = Error & { readonly code?: number }
type Done = (error: Error | undefined | null, ...rest: readonly unknown[]) => void

function failed(attempt: (done: Done) => unknown): Promise<Failure> {
  return new Promise((resolve, reject) => {
    attempt((error) => (error instanceof Error ? resolve(error) : reject(new Error('it worked'))))
  })
}

function wrapper({ door }: Stage): Promise<{ readonly client: ssh2.Client; readonly files: SFTPWrapper }> {
  const client = new ssh2.Client()
  return new Promise((resolve, reject) => {
    client.on('error', reject).on('ready', () => {
      client.sftp((error, files) => (error === undefined ? resolve({ client, files }) : reject(error)))
    })
    client.connect({ host: door.host, port: door.port, username: door.user, password: door.token ?? '' })
  })
}
