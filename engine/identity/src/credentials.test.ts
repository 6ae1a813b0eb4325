import { afterEach, beforeEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits, Refused, type Credentials } from '@sluice/core'
import { referencedCredentials } from './credentials.ts'
import { scriptedClock } from './scripted-issuer.ts'
import { always } from './secrets/manager.ts'
import { secretSource, type SecretSource } from './secrets/source.ts'

const certify = (): Uint8Array => new Uint8Array()

suite('credentials of targets', () => {
  let folder: string
  let credentials: Credentials
  let clock: ReturnType<typeof scriptedClock>
  beforeEach(async () => {
    clock = scriptedClock()
    folder = await mkdtemp(join(tmpdir(), 'sluice-credentials-'))
    const references = new Map([
      ['file', { user: 'app', password: { file: 'password' } }],
      ['env', { user: 'app', password: { env: 'PGPASSWORD' } }],
      ['literal', { user: 'app', password: { literal: 'demo' } }],
      ['unset', { user: 'app', password: { env: 'UNSET' } }],
    ])
    credentials = referencedCredentials(
      (target) => references.get(target),
      secretSource({ base: folder, env: { PGPASSWORD: 'from env' }, clock }),
      clock,
      certify,
    )
  })
  afterEach(() => rm(folder, { recursive: true }))

  const write = (text: string | Uint8Array): Promise<void> => writeFile(join(folder, 'password'), text)
  const unavailable = (target: string): Promise<void> =>
    assert.rejects(credentials.credential(target), (error) => {
      assert.ok(error instanceof Refused)
      assert.equal(error.refusal.code, 'target_unreachable')
      assert.doesNotMatch(
        error.message,
        /password|UNSET|sluice-credentials/,
        'the reference is for the operator',
      )
      assert.ok(error.cause instanceof Error)
      return true
    })

  test('are read from where the reference points', async () => {
    await write(' pass word \n')
    assert.deepEqual(await credentials.credential('file'), { user: 'app', password: ' pass word ' })
    assert.deepEqual(await credentials.credential('env'), { user: 'app', password: 'from env' })
    assert.deepEqual(await credentials.credential('literal'), { user: 'app', password: 'demo' })
  })

  test('are kept, and read again once the target rejected them', async () => {
    await write('old')
    const old = await credentials.credential('file')
    await write('new\r\n')
    assert.equal(await credentials.credential('file'), old)
    assert.equal((await credentials.credential('file', old)).password, 'new')
    assert.equal((await credentials.credential('file')).password, 'new')
  })

  test('that cannot be read are refused, and read as soon as they are there', async () => {
    await unavailable('file')
    await write('late')
    assert.equal((await credentials.credential('file')).password, 'late')
    await rm(join(folder, 'password'))
    await assert.rejects(credentials.credential('file', await credentials.credential('file')), Refused)
    await unavailable('file')
  })

  test('of another target under the same name are its own, also when the one before is still being asked for', async () => {
    let reference = { user: 'app', password: { file: 'password' } }
    const source = secretSource({ base: folder, env: {}, clock })
    const changing = referencedCredentials(() => reference, source, clock, certify)
    await write('first')
    const first = await changing.credential('shop')
    const replaced = changing.credential('shop', first)
    await writeFile(join(folder, 'other'), 'second')
    reference = { user: 'other', password: { file: 'other' } }
    assert.deepEqual(await changing.credential('shop'), { user: 'other', password: 'second' })
    await write('first, rotated')
    await replaced
    assert.deepEqual(await changing.credential('shop'), { user: 'other', password: 'second' })
  })

  test('that did not change are given back as they were, and the target is not asked with them again', async () => {
    await write('same')
    const refused = await credentials.credential('file')
    assert.equal(await credentials.credential('file', refused), refused)
    const ofEnv = await credentials.credential('env')
    const before = performance.now()
    assert.equal(await credentials.credential('env', ofEnv), ofEnv)
    assert.ok(performance.now() - before < 200, 'an environment does not change while one waits')
  })

  test('that change a moment after they were refused are waited for, once for all', async () => {
    await write('old')
    const refused = await credentials.credential('file')
    const waiting = Array.from({ length: 5 }, () => credentials.credential('file', refused))
    await sleep(100)
    await write('new')
    const found = await Promise.all(waiting)
    assert.equal(found[0]?.password, 'new')
    for (const each of found) assert.equal(each, found[0], 'one and the same, which was read once')
    assert.equal(
      await credentials.credential('file', refused),
      found[0],
      'who was refused before gets it too',
    )
  })

  test('that cannot be read for a moment after they were refused are waited for as well', async () => {
    await write('old')
    const refused = await credentials.credential('file')
    await rm(join(folder, 'password'))
    const found = credentials.credential('file', refused)
    await sleep(100)
    await write('new')
    assert.equal((await found).password, 'new')
  })

  /** Each question is answered with another user, until its number is among those that are over. */
  function lending(over: ReadonlySet<number> = new Set()): Credentials {
    let lent = 0
    const source: SecretSource = {
      read: () => assert.fail('it is one secret'),
      login: () => {
        const number = (lent += 1)
        return Promise.resolve({
          value: { user: `v-${number}`, password: 'p' },
          live: () => !over.has(number),
        })
      },
      close: () => Promise.resolve(),
    }
    const shop = { login: { vault: 'database/creds/app' } }
    return referencedCredentials(() => shop, source, clock, certify)
  }

  test('that are lent are replaced when the loan is over', async () => {
    const over = new Set<number>()
    const loans = lending(over)
    const [one, same] = [await loans.credential('shop'), await loans.credential('shop')]
    assert.deepEqual([one.user, same], ['v-1', one])
    over.add(1)
    const found = await Promise.all(Array.from({ length: 5 }, () => loans.credential('shop')))
    assert.deepEqual(new Set(found.map(({ user }) => user)), new Set(['v-2']))
  })

  test('that are lent are not lent again and again to who has the target refuse them', async () => {
    const over = new Set<number>()
    const loans = lending(over)
    const first = await loans.credential('shop')
    const second = await loans.credential('shop', first)
    assert.equal(second.user, 'v-2')
    for (let times = 0; times < 5; times++)
      assert.equal(await loans.credential('shop', second), second, 'and is not tried again')
    assert.equal(await loans.credential('shop', first), second)
    clock.advance(60_000)
    const third = await loans.credential('shop', second)
    assert.equal(third.user, 'v-3')
    over.add(3)
    assert.equal((await loans.credential('shop', third)).user, 'v-4', 'one that is over is another matter')
  })

  test('are not read as often as somebody can have a target refuse them, and a new one is found all the same', async () => {
    let reads = 0
    let value = 'old'
    const source: SecretSource = {
      read: () => {
        reads += 1
        return Promise.resolve({ value, live: always })
      },
      login: () => assert.fail('it is a password'),
      close: () => Promise.resolve(),
    }
    const reference = { user: 'app', password: { vault: 'secret/data/shop#password' } }
    const pauses: number[] = []
    const pause = (ms: number): Promise<void> => {
      pauses.push(ms)
      clock.advance(ms)
      return Promise.resolve()
    }
    const asked = referencedCredentials(() => reference, source, clock, certify, pause)
    const held = await asked.credential('shop')
    await asked.credential('shop', held)
    assert.equal(reads, 5, 'once, and four times after it was refused')
    const startedAt = clock.monotonic()
    const rounds = 100
    for (let times = 0; times < rounds; times++)
      assert.equal(await asked.credential('shop', held), held, 'and is not tried again')
    const seconds = (clock.monotonic() - startedAt) / 1_000
    assert.ok(reads < 16 + seconds / 2, `${reads} reads in ${seconds} s`)
    assert.ok(Math.max(...pauses) <= 3_000)
    value = 'new'
    assert.equal((await asked.credential('shop', held)).password, 'new')
  })

  test('of nobody are refused', async () => {
    await unavailable('unset')
    await unavailable('unknown')
    await unavailable('toString')
  })

  test('that no password can be are refused', async () => {
    for (const content of [
      '',
      '\n',
      'a\0b',
      'x'.repeat(limits.secretBytesMax + 1),
      Buffer.from([0xff, 0xfe]),
    ]) {
      await write(content)
      await unavailable('file')
    }
  })
})
