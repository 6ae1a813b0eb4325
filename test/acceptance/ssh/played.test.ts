import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import xterm from '@xterm/headless'
import { pythonEnvironment, pythonVersion } from '@sluice/demo'
import { openssh } from '@sluice/test'
import { sluiceAt } from './command.ts'
import { copying, withCopiers } from './copying.ts'
import { lastSession } from './recorded.ts'
import { openStage, type Stage } from './stage.ts'

const run = promisify(execFile)
const window = { columns: 100, rows: 30 }
const tty = ['-tt']
/** A host that would write the clipboard and the title, ask for answers, and program keys. */
const hostile = String.raw`printf '\033]52;c;ZXZpbA==\007\033]0;evil\033\\\033[6n\033[c\033P0;1|17/0d\033\\\033[?2004h'`

suite('sessions over SSH, played', () => {
  let stage: Stage
  let folder: string
  before(async () => {
    await withCopiers()
    stage = await openStage()
    folder = await mkdtemp(join(tmpdir(), 'sluice-played-'))
    await chmod(folder, 0o777)
  })
  after(async () => {
    await stage[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** The session of what was just run, once its end is recorded. */
  async function over(): Promise<string> {
    const session = await lastSession(stage)
    for (let tries = 0; tries < 100; tries++) {
      const events = await stage.gateway.events()
      if (events.some(({ type, stream }) => type === 'SessionClosed' && stream === session)) return session
      await sleep(50)
    }
    throw new Error('it is not over')
  }

  test('C24 a terminal is played as it was, and nothing that the host printed acts', async () => {
    const command = `${hostile}; printf 'one\\r\\n'; sleep 1; printf '\\033[1;32mtwo\\033[0m\\r\\n'; exit 3`
    const { status, stdout } = await openssh(stage.door, command, { args: tty })
    assert.equal(status, 3)
    // The attack is one: what its own user got has all of it.
    assert.ok(stdout.includes('\u001b]52;c;ZXZpbA==\u0007'))
    const session = await over()
    const started = performance.now()
    const { code, out } = await sluiceAt(stage, ['sessions', 'replay', session], window)
    assert.equal(code, 0)
    assert.ok(performance.now() - started >= 900, 'it takes as long as it took')
    const terminal = new xterm.Terminal({ cols: 100, rows: 30, allowProposedApi: true, convertEol: true })
    const answered: string[] = []
    terminal.onData((data) => answered.push(data))
    terminal.onTitleChange((title) => answered.push(title))
    await new Promise<void>((done) => terminal.write(out, done))
    assert.deepEqual(answered, [])
    assert.doesNotMatch(out.replaceAll('\u001b', '␛').replaceAll('\u0007', '␇'), /␛[^[]|␛\[[^?\d]|␇/)
    assert.match(out, /│ one\n {4}│ two\n[^]*exit status 3/)

    const { out: text } = await sluiceAt(stage, ['sessions', 'replay', session], undefined)
    assert.match(text, /⟨U\+001B⟩\]52;c;ZXZpbA==⟨U\+0007⟩/)
    assert.ok(!text.includes('\u001b'))
  })

  test('faster, and from later on', async () => {
    await openssh(stage.door, 'echo begun; sleep 2; echo ended', { args: tty })
    const session = await over()
    for (const args of [
      ['--speed', '50'],
      ['--max-idle', '0s'],
      ['--from', '2s'],
    ]) {
      const started = performance.now()
      const { out } = await sluiceAt(stage, ['sessions', 'replay', session, ...args], window)
      assert.ok(performance.now() - started < 1_500, args.join(' '))
      assert.match(out, /│ begun\n {4}│ ended\n/)
    }
  })

  test('a terminal goes to a file that asciinema reads', async () => {
    const { stdout } = await openssh(stage.door, "printf 'größe \\033[31mred\\033[0m\\n'", { args: tty })
    const session = await over()
    const file = join(folder, 'session.cast')
    const { code, error } = await sluiceAt(stage, ['sessions', 'replay', session, '--asciicast', file])
    assert.equal(code, 0, error)
    const [head = ''] = (await readFile(file, 'utf8')).split('\n')
    assert.equal((JSON.parse(head) as { readonly version: number }).version, 2)
    if ((await pythonVersion()) === null) {
      console.error(
        'acceptance: python3 is not installed, so asciinema read nothing. Install python3 and its venv.',
      )
      return
    }
    const requirements = fileURLToPath(new URL('../python/asciinema-requirements.txt', import.meta.url))
    const python = await pythonEnvironment({ name: 'acceptance-asciinema', requirements })
    const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: folder, LC_ALL: 'C.UTF-8' }
    const shown = await run(python, ['-m', 'asciinema', 'cat', file], { env })
    assert.equal(shown.stdout, stdout)
  })

  test('what had no terminal has none to play', async () => {
    await openssh(stage.door, 'true')
    const { code, error } = await sluiceAt(stage, ['sessions', 'replay', await over(), '--asciicast', '-'])
    assert.equal(code, 1)
    assert.match(error, /nothing in this session had a terminal/)
  })

  test('a command is told with its streams and its exit status', async () => {
    await openssh(stage.door, 'cat; echo oops >&2; exit 7', { input: 'typed in\n' })
    const { out } = await sluiceAt(stage, ['sessions', 'replay', await over()], window)
    const sha256 = createHash('sha256').update('typed in\n').digest('hex')
    assert.match(out, /asks ssh\.exec[^]* {4}\S+: cat; echo oops >&2; exit 7\n/)
    for (const line of [
      `stdin: typed in`,
      `stdin ended: 9 bytes, SHA-256 ${sha256}`,
      'typed in',
      'stderr: oops',
      'exit status 7',
    ])
      assert.ok(out.includes(`    ${line}\n`), `${line} in\n${out}`)
  })

  test('files are told as operations with their hashes', async () => {
    const content = 'a,b\n1,2\n'
    await writeFile(join(folder, 'up'), content)
    const script = `put ${join(folder, 'up')} ${folder}/there\nget ${folder}/there ${join(folder, 'down')}\nrm ${folder}/there\n-rm ${folder}/never`
    const { status, stderr } = await copying(stage.door, 'sftp', (host) => ['-b', '-', host], {
      input: script,
    })
    assert.equal(status, 0, stderr)
    const { out } = await sluiceAt(stage, ['sessions', 'replay', await over()], window)
    const sha256 = createHash('sha256').update(content).digest('hex')
    for (const told of [
      `written: ${content.length} bytes, SHA-256 ${sha256}`,
      `read: ${content.length} bytes, SHA-256 ${sha256}`,
      'asks sftp.remove',
      'no such file',
    ])
      assert.ok(out.includes(told), `${told} in\n${out}`)
  })

  test('who looks on sees a shell while it runs, and ends it', async () => {
    const running = openssh(stage.door, null, { args: tty, input: typed('echo begun $((40 + 2))\n') })
    let session = ''
    for (let tries = 0; tries < 100 && session === ''; tries++) {
      await sleep(100)
      const begun = await lastSession(stage).catch(() => '')
      const events = (await stage.gateway.events()).filter(({ stream }) => stream === begun)
      if (events.some(({ type }) => type === 'RecordingChunk')) session = begun
    }
    let killed: Promise<{ readonly code: number }> | undefined
    const { code, out } = await sluiceAt(stage, ['sessions', 'watch', session.slice(-8)], {
      ...window,
      told: (seen) => {
        if (seen.includes('begun 42'))
          killed ??= sluiceAt(stage, ['sessions', 'kill', session, '--reason', 'seen enough'])
      },
    })
    assert.equal(code, 0)
    assert.equal((await (killed ?? assert.fail(`it was not seen:\n${out}`))).code, 0)
    assert.match(out, /begun 42[^]*\[\?1049l[^]*ended by demo#alice: seen enough[^]*closed: /)
    const { status, stderr } = await running
    assert.notEqual(status, 0)
    assert.match(stderr, /sluice: The session ended/)
  })
})

/** What a person types, who then looks at it for a while. */
async function* typed(line: string): AsyncGenerator<string> {
  await sleep(300)
  yield line
  await sleep(20_000)
}
