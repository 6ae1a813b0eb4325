import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { limits } from '@sluice/core'
import {
  message,
  messagesOf,
  startupOf,
  tracesOf,
  WireClient,
  type Login,
  type Transcript,
} from '../../src/index.ts'
import type { Guard, Laboratory } from '../laboratory.ts'
import type { Scenario } from '../wire-case.ts'

/** Stories with several parties: hostile sizes, slow callers, encryption, impostors, cancellation. */

const { cancelRequest, gssRequest, query, sslRequest, startup, terminate } = message

const stalls = 'one caller makes everybody else wait'
const tells = "the gateway's credential or a caller's token is told to somebody in between"

const asReporting = (guard: Guard): Promise<Login> => guard.gateway.login('langchain-reporting', 'shop')

export const scenarios: readonly Scenario[] = [
  {
    id: 'M9',
    title: 'a view that is newer than what the gateway knows of the database',
    stake: 'a protected column is read in clear',
    plain: async (lab) => {
      await lab.backend.run('plain', 'create view young as select ssn as x from customers')
      const answer = await lab.backend.run('plain', 'select x from young')
      assert.ok(lab.anySecret.find(answer.bytes) !== undefined)
      assert.ok(await lab.restored('plain'))
    },
    through: readsNewViews,
  },
  {
    id: 'M9',
    title: 'such a view, under a policy that lets the caller create a table of its name',
    stake: 'a protected column is read in clear',
    plain: 'it is the same view as in the case before',
    through: async (lab) => readsPretended(lab, await lab.guard('open')),
  },
  {
    id: 'S45',
    title: 'texts that cost more than they weigh',
    stake: stalls,
    plain: "it costs the gateway's parser, not the database",
    through: async (_lab, guard) => {
      const attacker = await WireClient.login(await asReporting(guard))
      const bystander = await WireClient.login(await asReporting(guard))
      for (const [name, sql] of heavyTexts) {
        const watched = watch(bystander)
        const started = performance.now()
        const answer = await attacker.query(sql)
        const took = performance.now() - started
        const longest = await watched.stop()
        assert.ok(took < heavyMs, `${name}: the answer took ${took.toFixed(0)} ms`)
        assert.ok(longest < othersMs, `${name}: another caller waited ${longest.toFixed(0)} ms`)
        const [error] = answer.errors
        assert.ok(!answer.closed, `${name}: the connection was closed`)
        if (error !== undefined)
          assert.match(error.code, /^(54000|54001|54023|42601|53300|42501)$/, `${name}: ${error.message}`)
      }
      attacker.close()
      bystander.close()
    },
  },
  {
    id: 'S45',
    title: 'as many parameters as the protocol can count',
    stake: stalls,
    plain: 'the server takes them too',
    through: async (_lab, guard) => {
      const client = await WireClient.login(await asReporting(guard))
      const values = Array.from({ length: 65_535 }, () => '1')
      const many = await client.ask(
        message.parse('', 'select $1::int'),
        message.bind({ values }),
        message.execute(),
        message.sync,
      )
      assert.match(many.errors[0]?.code ?? '', /^(08P01|54000)$/, many.text)
      client.close()
    },
  },
  {
    id: 'S46',
    title: 'startup packets whose length lies',
    stake: 'memory is taken, or the gateway reads something else, before anybody is known',
    plain: 'the server closes the connection too',
    through: async (_lab, guard) => {
      for (const length of [0, 3, 4, 7, 10_241, 2 ** 30, 2 ** 31 - 1, -1, -(2 ** 31)]) {
        const client = await WireClient.connect(guard.gateway)
        client.send(message.int32(length), message.int32(message.protocol30), Buffer.from('user\0x\0\0'))
        const answer = await client.end()
        assert.match(answer.types, /^E?$/, `a length of ${length}: ${answer.text}`)
      }
    },
  },
  {
    id: 'S46',
    title: 'one byte at a time',
    stake: 'a statement that comes in pieces is judged by its pieces',
    plain: async (lab) => {
      const client = await WireClient.login(lab.login('plain'))
      await trickle(client, query('delete from orders'))
      assert.deepEqual((await client.ready()).tags, ['DELETE 12'])
      client.close()
      assert.ok(await lab.restored('plain'))
    },
    through: async (lab, guard) => {
      const login = await asReporting(guard)
      const client = await WireClient.connect(login)
      await trickle(client, startup({ user: login.user, database: login.database }))
      const greeting = await client.authenticate(login.password)
      assert.equal(greeting.status, 'I', greeting.text)
      await trickle(client, query('delete from orders'))
      assert.equal((await client.ready()).errors[0]?.code, '42501')
      await trickle(client, query('select 1'))
      assert.deepEqual((await client.ready()).tags, ['SELECT 1'])
      client.close()
      assert.equal(await lab.changed('guarded'), false)
    },
  },
  {
    id: 'S47',
    title: 'clear text behind a request for TLS',
    stake: 'what somebody in between wrote is taken for what the caller said over TLS (CVE-2021-23214)',
    plain: 'the server closes the connection too, since it was fixed there',
    through: async (lab, guard) => {
      const login = await asReporting(guard)
      const injected = startup({ user: login.user, database: login.database, application_name: 'injected' })
      for (const behind of [injected, Buffer.from([0]), Buffer.from('Q')]) {
        const client = await WireClient.connect(guard.gateway)
        client.send(sslRequest, behind)
        const answer = await client.end()
        assert.doesNotMatch(
          answer.bytes.toString('latin1'),
          /^S|R\0\0\0/,
          'it went on in spite of the bytes behind',
        )
      }
      await secured(lab, login)
    },
  },
  {
    id: 'S47',
    title: 'requests for encryption in every order',
    stake: tells,
    plain: 'the server of this suite does not offer TLS',
    through: async (lab, guard) => {
      const login = await asReporting(guard)
      const gss = await WireClient.connect(guard.gateway)
      assert.equal((await gss.letter(gssRequest)).bytes.toString(), 'N')
      assert.equal(
        (await gss.letter(sslRequest)).bytes.toString(),
        'S',
        'TLS is offered behind a refused GSSAPI',
      )
      gss.destroy()

      const again = await WireClient.connect(guard.gateway)
      assert.equal((await again.letter(gssRequest)).bytes.toString(), 'N')
      again.send(gssRequest)
      assert.match((await again.end()).types, /^E?$/)

      const twice = await WireClient.connect(guard.gateway)
      await twice.letter(sslRequest)
      await twice.secure(lab.certificate.cert)
      twice.send(sslRequest)
      assert.match((await twice.end()).types, /^E?$/, 'TLS inside of TLS')

      const clear = await WireClient.connect(guard.gateway)
      await clear.letter(sslRequest)
      clear.send(startup({ user: login.user, database: login.database }))
      const answer = await clear.end()
      assert.doesNotMatch(
        answer.bytes.toString('latin1'),
        /R\0\0\0/,
        'clear text was taken where TLS was agreed',
      )
      await direct(lab, guard, login)
    },
  },
  {
    id: 'S48',
    title: 'a target without the TLS that its settings ask for',
    stake: tells,
    plain: 'the attack is on the way to the server, not on it',
    through: async (lab, guard) => {
      await tellsNothing(lab, guard, 'verify-full')
    },
  },
  {
    id: 'S49',
    title: 'cancelling what is not one’s own',
    stake: "somebody else's statement is stopped",
    plain: async (lab) => {
      const [victim, key] = await withKey(lab.login('plain'))
      victim.send(query('select pg_sleep(20)'))
      await sleep(200)
      await cancel(lab.login('plain'), key)
      assert.equal((await victim.ready()).errors[0]?.code, '57014', 'who knows the key may cancel')
      victim.close()
    },
    through: async (lab, guard) => {
      const passing = guard.relay.mark()
      const [victim, key] = await withKey(await guard.gateway.login('alice', 'shop'))
      const upstream = upstreamKey(passing.opened().at(-1)?.down ?? Buffer.alloc(0))
      assert.ok(upstream.length >= 8)
      assert.ok(!upstream.equals(key), "the server's own key is told to nobody")
      victim.send(query('select pg_sleep(1.5)'))
      await sleep(200)
      const guesses = [
        upstream,
        Buffer.concat([key.subarray(0, 4), upstream.subarray(4)]),
        Buffer.concat([upstream.subarray(0, 4), key.subarray(4)]),
        flipped(key, 7),
        flipped(key, 3),
        Buffer.alloc(8),
      ]
      for (const guess of guesses) await cancel(guard.gateway, guess)
      const slept = await victim.ready()
      assert.deepEqual(slept.errors, [], 'a guessed key has cancelled')

      victim.send(query('select pg_sleep(20)'))
      await sleep(200)
      await cancel(guard.gateway, key)
      assert.equal((await victim.ready()).errors[0]?.code, '57014', 'the right key cancels')
      assert.deepEqual((await victim.query('select 1')).tags, ['SELECT 1'])
      victim.close()
      await sleep(100)
      await cancel(guard.gateway, key)
      assert.equal(await lab.changed('guarded'), false)
    },
  },
  {
    id: 'S49',
    title: 'a key that says nothing about the next one',
    stake: "somebody else's key is guessed",
    plain: 'the keys of the server are random too',
    through: async (_lab, guard) => {
      const keys: Buffer[] = []
      for (let count = 0; count < 12; count++) {
        const [client, key] = await withKey(await asReporting(guard))
        keys.push(key)
        client.close()
      }
      const secretParts = keys.map((key) => key.readInt32BE(4))
      assert.equal(new Set(secretParts).size, secretParts.length, 'a key came twice')
      const steps = secretParts.slice(1).map((part, index) => part - (secretParts[index] ?? 0))
      assert.ok(new Set(steps).size > steps.length / 2, 'the keys follow from each other')
      assert.ok(
        secretParts.some((part) => Math.abs(part) > 2 ** 24),
        'the keys are small numbers',
      )
    },
  },
  {
    id: 'S50',
    title: 'a target that asks for the credential in a way that gives it away',
    stake: tells,
    plain: 'the attack is in the place of the server, not on it',
    through: async (lab, guard) => {
      await tellsNothing(lab, guard, 'disable')
    },
  },
]

/** Views that came into being since the gateway last looked, and what is said before they are read. */
const refusedBefore: readonly (readonly [string, (name: string) => Buffer])[] = [
  ['nothing', () => query('select 1')],
  ['a refused CREATE VIEW of that name', (name) => query(`create view ${name} as select 1 as x`)],
  [
    'the same by messages',
    (name) => message.extended(`create view ${name} as select ssn as x from customers`),
  ],
  ['a refused CREATE TABLE AS', (name) => query(`create table ${name} as select 1 as x`)],
  [
    'the same by messages',
    (name) => message.extended(`create table ${name} as select ssn as x from customers`),
  ],
  ['a refused CREATE TEMP TABLE', (name) => query(`create temp table ${name} (x text)`)],
  ['a refused CREATE TEMP TABLE AS', (name) => query(`create temp table ${name} as select 1 as x`)],
  ['the same by messages', (name) => message.extended(`create temp table ${name} as select 1 as x`)],
  ['a refused SELECT INTO TEMP', (name) => query(`select 1 as x into temp ${name}`)],
]

async function readsNewViews(lab: Laboratory, guard: Guard): Promise<void> {
  const failures: string[] = []
  for (const [index, [what, before]] of refusedBefore.entries()) {
    const name = `young_${index}`
    const client = await WireClient.login(await asReporting(guard))
    assert.deepEqual((await client.query('select id from customers where id = 1')).tags, ['SELECT 1'])
    await lab.backend.run('guarded', `create view ${name} as select ssn as x from customers`)
    const refused = await client.ask(before(name))
    if (index > 0 && refused.errors.length === 0) failures.push(`${what} was not refused`)
    for (const sql of [
      `select x from ${name}`,
      `select reverse(x) from ${name}`,
      `select v from ${name} v`,
    ]) {
      const answer = await client.query(sql)
      const found = guard.finder.find(answer.bytes)
      if (found !== undefined) failures.push(`behind ${what}, "${sql}" gives the ${found}`)
    }
    client.close()
  }
  await lab.restored('guarded')
  assert.deepEqual(failures, [])
}

/** What makes a session believe that the name is its own: the messages before the ones that read the view. */
const pretended: readonly ((name: string) => readonly string[])[] = [
  (name) => [`create table if not exists ${name} (x text)`, `select x from ${name}`],
  (name) => ['begin', `create table if not exists ${name} (x text)`, `select x from ${name}`],
  (name) => ['begin', `create table if not exists ${name} (x text)`, `select reverse(x) from ${name}`],
  (name) => ['begin', `create table if not exists ${name} as select 1 as x`, `select x from ${name}`],
  (name) => [
    'begin',
    'savepoint a',
    `create table ${name} (x text)`,
    'rollback to a',
    `select x from ${name}`,
  ],
  (name) => ['begin', `create temp table ${name} (x text) on commit drop`, 'commit', `select x from ${name}`],
  (name) => [`create temp table ${name} (x text)`, `drop table ${name}`, `select x from ${name}`],
  (name) => [`create temp table if not exists ${name} (x text)`, 'discard temp', `select x from ${name}`],
  (name) => [`create temp table ${name} (x text)`, `select x from public.${name}`],
]

/** Each as messages of their own, and all of them in one message. */
async function readsPretended(lab: Laboratory, guard: Guard): Promise<void> {
  const failures: string[] = []
  for (const [index, steps] of pretended.entries())
    for (const together of [false, true]) {
      const name = `young_${index}_${together ? 'one' : 'each'}`
      const texts = steps(name)
      const client = await WireClient.login(await asReporting(guard))
      await client.query('select id from customers where id = 1')
      await lab.backend.run('guarded', `create view ${name} as select ssn as x from customers`)
      for (const sql of together ? [texts.join('; ')] : texts) {
        const found = guard.finder.find((await client.query(sql)).bytes)
        if (found !== undefined)
          failures.push(
            `${together ? 'in one message' : 'message by message'}: ${texts.join('; ')}: the ${found}`,
          )
      }
      client.close()
    }
  await sleep(100)
  await lab.restored('guarded')
  assert.deepEqual(failures, [])
}

/** Slow ones, to be begun early and waited for late. */
export const slowScenarios: readonly Scenario[] = [
  {
    id: 'S46',
    title: 'a caller who never says who it is',
    stake: 'connections are taken until nobody else gets one',
    plain: 'the server waits a minute for the same',
    through: async (_lab, guard) => {
      const ways: readonly (readonly Uint8Array[])[] = [
        [],
        [Buffer.from([0, 0])],
        [startup({ user: 'x', database: 'shop' })],
        [startup({ user: 'x', database: 'shop' }), Buffer.from('p\0\0\0')],
        [sslRequest],
      ]
      const late = AbortSignal.timeout(limits.helloWaitMs + helloSlackMs)
      await Promise.all(
        ways.map(async (bytes, index) => {
          const socket = connect(guard.gateway)
          await once(socket, 'connect')
          socket.on('error', () => {})
          socket.resume()
          for (const part of bytes) socket.write(part)
          await once(socket, 'close', { signal: late }).catch(() => {
            throw new Error(`way ${index}: still connected after ${limits.helloWaitMs + helloSlackMs} ms`)
          })
        }),
      )
    },
  },
]

const heavyMs = 10_000
const othersMs = 2_500
const helloSlackMs = 5_000

const heavyTexts: readonly (readonly [string, string])[] = [
  ['5,000 brackets', `select ${'('.repeat(5_000)}1${')'.repeat(5_000)}`],
  ['20,000 brackets', `select ${'('.repeat(20_000)}1${')'.repeat(20_000)}`],
  ['100,000 brackets that stay open', `select ${'('.repeat(100_000)}`],
  ['a sum of 10,000 terms', `select ${'1+'.repeat(10_000)}1`],
  ['a sum of 100,000 terms', `select ${'1+'.repeat(100_000)}1`],
  ['an OR of 20,000 terms', `select 1 where ${'id=1 or '.repeat(20_000)}true`],
  ['NOT, 50,000 times', `select ${'not '.repeat(50_000)}true`],
  ['minus, 100,000 times', `select ${'- '.repeat(100_000)}1`],
  ['a list of 100,000', `select 1 from orders where id in (${'1,'.repeat(100_000)}1)`],
  ['2 MB of a list', `select 1 from orders where id in (${'1,'.repeat(1_000_000)}1)`],
  ['10,000 statements', 'select 1;'.repeat(10_000)],
  ['200,000 empty statements', ';'.repeat(200_000)],
  ['1,000 nested queries', `${'select * from ('.repeat(1_000)}select 1${') a'.repeat(1_000)}`],
  [
    '1,000 WITH clauses',
    `with ${Array.from({ length: 1_000 }, (_, i) => `a${i} as (select 1)`).join(', ')} select 1`,
  ],
  [
    'a join of 2,000',
    `select 1 from orders o0 ${Array.from({ length: 2_000 }, (_, i) => `join orders a${i} on true`).join(' ')}`,
  ],
  ['a tower of arrays', `select ${'array['.repeat(5_000)}1${']'.repeat(5_000)}`],
  ['a chain of casts', `select 1${'::int'.repeat(30_000)}`],
  ['a chain of subscripts', `select a${'[1]'.repeat(50_000)} from orders`],
  ['nested CASE', `select ${'case when true then '.repeat(5_000)}1${' end'.repeat(5_000)}`],
  ['a string of 250,000 quotes', `select '${"''".repeat(120_000)}'`],
  ['a comment in a comment, 60,000 times', `${'/*'.repeat(60_000)}${'*/'.repeat(60_000)} select 1`],
]

/** Asks the smallest question again and again, and tells the longest wait. */
function watch(client: WireClient): { readonly stop: () => Promise<number> } {
  const stopped = new AbortController()
  const longest = (async () => {
    let worst = 0
    while (!stopped.signal.aborted) {
      const started = performance.now()
      await client.query('select 1')
      worst = Math.max(worst, performance.now() - started)
      await sleep(5)
    }
    return worst
  })()
  return {
    stop: () => {
      stopped.abort()
      return longest
    },
  }
}

async function trickle(client: WireClient, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    client.send(Buffer.from([byte]))
    await sleep(1)
  }
}

/** The ordinary way, which must work. */
async function secured(lab: Laboratory, login: Login): Promise<void> {
  const client = await WireClient.connect(login)
  assert.equal((await client.letter(sslRequest)).bytes.toString(), 'S')
  await client.secure(lab.certificate.cert)
  const greeting = await client.start(login)
  assert.equal(greeting.status, 'I', greeting.text)
  client.close()
}

/** TLS from the first byte, as clients of PostgreSQL 17 begin. */
async function direct(lab: Laboratory, guard: Guard, login: Login): Promise<void> {
  const socket = connectTls({
    host: guard.gateway.host,
    port: guard.gateway.port,
    ca: lab.certificate.cert,
    servername: 'localhost',
    ALPNProtocols: ['postgresql'],
  })
  await once(socket, 'secureConnect')
  assert.equal(socket.alpnProtocol, 'postgresql')
  socket.write(startup({ user: login.user, database: login.database }))
  const [first] = (await once(socket, 'data')) as [Buffer]
  assert.equal(first.toString('latin1', 0, 1), 'R')
  socket.end(terminate)
}

/** A session and the key that cancels its statements: process id and secret as they came. */
async function withKey(login: Login): Promise<readonly [WireClient, Buffer]> {
  const client = await WireClient.connect(login)
  const greeting = await client.start(login)
  const key = keyIn(greeting)
  assert.ok(key !== undefined, greeting.text)
  return [client, key]
}

function keyIn(greeting: Transcript): Buffer | undefined {
  return greeting.messages.find(({ type }) => type === 'K')?.body
}

function upstreamKey(down: Buffer): Buffer {
  const reader = new message.MessageReader()
  reader.push(down)
  return reader.all().find(({ type }) => type === 'K')?.body ?? Buffer.alloc(0)
}

async function cancel(at: { readonly host: string; readonly port: number }, key: Buffer): Promise<void> {
  const client = await WireClient.connect(at)
  client.send(cancelRequest(key.readInt32BE(0), key.subarray(4)))
  const answer = await client.end()
  assert.equal(answer.bytes.length, 0, 'a cancel request is not answered, whether it is right or wrong')
}

function flipped(key: Buffer, index: number): Buffer {
  const other = Buffer.from(key)
  other[index] = (other[index] ?? 0) ^ 1
  return other
}

/** Each impostor of this kind gets no login done, learns nothing of the password, and no name before TLS. */
async function tellsNothing(lab: Laboratory, guard: Guard, tls: 'disable' | 'verify-full'): Promise<void> {
  const { all, password } = lab.impostors
  const failures: string[] = []
  for (const impostor of all.filter((each) => each.tls === tls)) {
    const login = await guard.gateway.login('langchain-reporting', impostor.name)
    const client = await WireClient.connect(login)
    const answer = await client.start(login)
    client.destroy()
    const { heard } = impostor
    if (answer.status !== undefined) failures.push(`${impostor.name}: the caller was let in`)
    else if (answer.errors[0]?.code !== '08006') failures.push(`${impostor.name}: ${answer.text}`)
    const trace = [...tracesOf(password)].find(([, bytes]) => heard.includes(bytes))
    if (trace !== undefined) failures.push(`${impostor.name}: it was told the password ${trace[0]}`)
    if (heard.includes(login.password)) failures.push(`${impostor.name}: it was told the caller's token`)
    if (heard.length === 0) failures.push(`${impostor.name}: it was never asked`)
    if (
      tls === 'verify-full' &&
      (startupOf({ up: heard, down: heard }) !== undefined || heard.includes('gateway\0'))
    )
      failures.push(`${impostor.name}: it was told who logs in before it was verified`)
    if (messagesOf({ up: heard, down: heard }).length > 0 && tls === 'verify-full')
      failures.push(`${impostor.name}: it was spoken to`)
  }
  assert.deepEqual(failures, [])
}
