import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2 from 'ssh2'
import { StoreError, type EventStore } from '@sluice/core'
import { intercepted, openssh } from '@sluice/test'
import { openStage, recorded, type Stage } from './stage.ts'

/** A log that takes nothing while it is stopped, and nothing before what it waits for. */
const log = { stopped: false, after: Promise.resolve() }
function stoppable(store: EventStore): EventStore {
  return intercepted(store, (unit, options) =>
    log.stopped
      ? Promise.reject(new StoreError('unavailable', 'the log is down'))
      : log.after.then(() => store.append(unit, options)),
  )
}

suite('commands over SSH that wait, or may not be recorded', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage({ store: stoppable })
  })
  after(() => stage[Symbol.asyncDispose]())

  /** What runs there leaves a file. */
  const at = (name: string): string => join(stage.sshd.home, name)
  const vote = async (id: string, what: 'approve' | 'reject'): Promise<number> => {
    // Who votes knows of it a moment after it is in the log.
    for (let tries = 0; tries < 100; tries++) {
      const status = await voted(id, what)
      if (status !== 404) return status
      await sleep(50)
    }
    return 404
  }
  const voted = async (id: string, what: 'approve' | 'reject'): Promise<number> => {
    const { host, port } = stage.gateway.api
    const response = await fetch(`http://${host}:${port}/v1/approvals/${id}/votes`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await stage.gateway.token('bob')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ vote: what }),
    })
    return response.status
  }
  const asked = async (before: number): Promise<string> => {
    for (let tries = 0; tries < 200; tries++) {
      const requests = await recorded(stage, 'ApprovalRequested')
      if (requests.length > before) return requests.at(-1)?.approval ?? assert.fail()
      await sleep(50)
    }
    return assert.fail('nobody was asked')
  }

  test('an approved one runs, and says on stderr what it waits for', async () => {
    const running = openssh(stage.door, `touch ${at('ASK-approved')}; cat`, {
      input: 'what was typed meanwhile',
    })
    const id = await asked(0)
    assert.equal(await vote(id, 'approve'), 200)
    const { status, stdout, stderr } = await running
    assert.deepEqual([status, stdout], [0, 'what was typed meanwhile'])
    assert.ok(existsSync(at('ASK-approved')))
    assert.match(
      stderr,
      new RegExp(
        `^sluice: waiting for a person’s approval \\(ref ${id}\\), at most \\d+ s: Somebody must agree\\.`,
      ),
    )
  })

  test('a rejected one does not, and nothing of it reached the target', async () => {
    const running = openssh(stage.door, `touch ${at('ASK-rejected')}`)
    assert.equal(await vote(await asked(1), 'reject'), 200)
    const { status, stdout, stderr } = await running
    assert.deepEqual([status, stdout], [126, ''])
    assert.match(stderr, /rejected/)
    assert.equal(existsSync(at('ASK-rejected')), false)
  })

  test('one whose caller is gone is void', async () => {
    const abort = new AbortController()
    const running = openssh(stage.door, `touch ${at('ASK-gone')}`, { signal: abort.signal })
    const id = await asked(2)
    abort.abort()
    await running
    const cancelled = await recorded(stage, 'ApprovalCancelled')
    assert.equal(cancelled.at(-1)?.approval, id)
    assert.notEqual(await vote(id, 'approve'), 200)
    assert.equal(existsSync(at('ASK-gone')), false)
  })

  test('C14 who shows a second token while the first is looked at is nobody', async () => {
    const { host, port, user, token = '' } = stage.door
    const looked = Promise.withResolvers<void>()
    log.after = looked.promise
    const client = new ssh2.Client()
    let ready = false
    client.on('error', () => {})
    client.on('ready', () => (ready = true))
    client.on('keyboard-interactive', (_name, _told, _lang, _prompts, finish) => {
      finish([token])
      const inner = client as unknown as { _protocol: { authPassword(user: string, token: string): void } }
      inner._protocol.authPassword(user, token)
    })
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()))
    client.connect({ host, port, username: user, tryKeyboard: true, authHandler: ['keyboard-interactive'] })
    await closed
    looked.resolve()
    log.after = Promise.resolve()
    assert.equal(ready, false)
  })

  test('while the log takes nothing, nothing runs; the session stays, and goes on afterwards', async () => {
    const { host, port, user, token } = stage.door
    const client = new ssh2.Client()
    await new Promise<void>((resolve, reject) => {
      client.once('ready', () => resolve()).once('error', reject)
      client.connect({ host, port, username: user, password: token ?? '' })
    })
    const run = (command: string): Promise<readonly [out: string, err: string, status: unknown]> =>
      new Promise((resolve, reject) => {
        client.exec(command, (error, channel) => {
          if (error !== undefined) return reject(error)
          const said = { out: '', err: '', status: undefined as unknown }
          channel.on('data', (bytes: Buffer) => (said.out += bytes.toString()))
          channel.stderr.on('data', (bytes: Buffer) => (said.err += bytes.toString()))
          channel.on('exit', (status: unknown) => (said.status = status))
          channel.on('close', () => resolve([said.out, said.err, said.status]))
        })
      })
    assert.deepEqual(await run('echo before'), ['before\n', '', 0])
    log.stopped = true
    const [out, err, status] = await run(`touch ${at('unrecorded')}`)
    assert.deepEqual([out, status], ['', 255])
    assert.match(err, /^sluice: Sluice cannot record this request now, so it was not executed/)
    const stranger = await openssh(stage.door, 'echo in')
    assert.equal(stranger.status, 255)
    assert.match(stranger.stderr, /sluice: Sluice cannot record this request now/)
    log.stopped = false
    assert.deepEqual(await run('echo after'), ['after\n', '', 0])
    client.end()
    assert.equal(existsSync(at('unrecorded')), false)
  })
})

test('a gateway that shuts down tells whose command it stops, and stops it', async () => {
  await using stage = await openStage()
  const pid = join(stage.sshd.home, 'pid-of-sleep')
  const running = openssh(stage.door, `echo $$ > ${pid}; exec sleep 60`)
  for (let tries = 0; tries < 900 && !existsSync(pid); tries++) await sleep(50)
  const started = performance.now()
  await stage.gateway.close()
  const { status, stderr } = await running
  // It would have slept for a minute.
  assert.ok(performance.now() - started < 40_000)
  assert.notEqual(status, 0)
  assert.match(stderr, /^sluice: /)
  const [found] = (await readFile(pid, 'utf8')).split('\n')
  for (let tries = 0; tries < 400 && isRunning(Number(found)); tries++) await sleep(50)
  assert.equal(isRunning(Number(found)), false, 'it goes on')
})

test('C16 a target that shows another host key gets nothing, not even the login', async () => {
  const blob = Buffer.concat([
    Buffer.from('0000000b7373682d6564323535313900000020', 'hex'),
    Buffer.alloc(32, 7),
  ])
  await using stage = await openStage({ hostKey: `ssh-ed25519 ${blob.toString('base64')}` })
  const { status, stdout, stderr } = await openssh(stage.door, 'echo in')
  assert.deepEqual([status, stdout], [255, ''])
  assert.match(stderr, /another host key than the one that is known.*Tell its operator at once/)
  assert.doesNotMatch(stage.sshd.log(), /Accepted|Failed/)
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
