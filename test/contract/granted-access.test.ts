import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { GrantLine } from '@sluice/api'
import { sluice } from '@sluice/cli'
import { startIdentityProvider, type DemoSubject, type IdentityProvider } from '@sluice/demo'
import { startBackend, WireClient, type Backend, type Transcript } from '../src/index.ts'
import { startGateway, type Gateway } from '../src/gateway.ts'

/**
 * Access for a while, through the command line, a real gateway and the starter policies: alice has no role of her own
 * here. What she may do on a connection that is open all the time changes with what bob gives her.
 */

const starter = fileURLToPath(new URL('../../policies/starter', import.meta.url))
const select = 'select a from t'
const denied = '42501'

/** The starter policies without their tests, which suppose its own data. */
async function leaveRolesTo(
  folder: string,
  roles: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const filter = (path: string): boolean => !/_test\.rego$|\.cases\.yaml$/.test(path)
  await cp(starter, folder, { recursive: true, filter })
  const file = join(folder, 'data.json')
  const data = JSON.parse(await readFile(file, 'utf8')) as object
  await writeFile(file, JSON.stringify({ ...data, roles }))
}

suite('access for a while', () => {
  let policies: string
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway

  before(async () => {
    policies = await mkdtemp(join(tmpdir(), 'sluice-granted-'))
    await leaveRolesTo(policies, { dba: ['reader', 'writer'] })
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table t (a int); insert into t values (1)')
    const login = backend.login('postgres')
    gateway = await startGateway({
      provider,
      policies,
      targets: [{ name: 'shop', login, access: { approvers: ['dba'], max: '1h' } }],
    })
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
    await rm(policies, { recursive: true, force: true })
  })

  /** `sluice access …` as somebody: exit code and output. */
  async function access(who: DemoSubject, ...args: readonly string[]): Promise<readonly [number, string]> {
    const { host, port } = gateway.api
    const { password } = await gateway.login(who, 'shop')
    let text = ''
    const take = (more: string): void => void (text += more)
    const env = { SLUICE_URL: `http://${host}:${port}`, SLUICE_TOKEN: password }
    const signal = new AbortController().signal
    const code = await sluice(['access', ...args], { env, signal, out: take, error: take })
    return [code, text]
  }

  async function line(who: DemoSubject, ...args: readonly string[]): Promise<GrantLine> {
    const [code, text] = await access(who, ...args, '--json')
    assert.equal(code, 0, text)
    return JSON.parse(text) as GrantLine
  }

  /** What bob gave alice. */
  async function given(life: string): Promise<GrantLine> {
    const { id } = await line('alice', 'request', '--target', 'shop', '--for', life, '--reason', 'figures')
    return line('bob', 'approve', id)
  }

  async function connected(): Promise<WireClient> {
    return WireClient.login(await gateway.login('alice', 'shop'))
  }

  function codes(answer: Transcript): readonly string[] {
    return answer.errors.map(({ code }) => code)
  }

  test('is had from when it is given until exactly its time, on an open connection', async () => {
    const client = await connected()
    assert.deepEqual(codes(await client.query(select)), [denied])
    const asked = await line('alice', 'request', '--target', 'shop', '--for', '3s', '--reason', 'figures')
    assert.deepEqual(codes(await client.query(select)), [denied], 'asked for is not given')
    const grant = await line('bob', 'approve', asked.id, '--reason', 'go on')
    const until = Date.parse(grant.expires_at)
    let allowed = 0
    let refused = 0
    while (refused < 5) {
      const started = Date.now()
      const answer = await client.query(select)
      const ended = Date.now()
      if (answer.errors.length === 0) {
        allowed++
        assert.deepEqual(answer.rows, [['1']])
        assert.ok(started < until, `allowed ${started - until} ms after its end`)
        assert.equal(refused, 0, 'allowed again')
      } else {
        refused++
        assert.deepEqual(codes(answer), [denied])
        assert.ok(ended >= until, `refused ${until - ended} ms before its end`)
      }
      await sleep(5)
    }
    assert.ok(allowed > 10, `${allowed} statements were allowed`)
    client.close()
    const decisions = (await gateway.events()).flatMap((event) =>
      event.type === 'DecisionMade' ? [event.data] : [],
    )
    for (const { effect, grants } of decisions)
      assert.equal(
        grants.includes(grant.id),
        effect === 'allow',
        'each decision names the grants it was made by',
      )
    const [code, text] = await access('alice', 'ls', '--all')
    assert.deepEqual([code, text.includes(`${grant.id}  ended`)], [0, true], text)
  })

  test('gives what its role says, and no more', async () => {
    const grant = await given('1m')
    const client = await connected()
    assert.deepEqual(codes(await client.query(select)), [])
    assert.deepEqual(codes(await client.query('insert into t values (2)')), [denied])
    assert.deepEqual(codes(await client.query('drop table t')), [denied])
    const other = await WireClient.login(await gateway.login('dave', 'shop'))
    assert.deepEqual(codes(await other.query(select)), [denied], 'it is of one subject')
    client.close()
    other.close()
    await line('alice', 'revoke', grant.id)
  })

  test('that is revoked stops what runs by it, and the connection goes on', async () => {
    const grant = await given('1m')
    const client = await connected()
    assert.deepEqual(codes(await client.query(select)), [])
    const started = Date.now()
    const running = client.query('select count(*) from generate_series(1, 100000000000)')
    await sleep(300)
    assert.equal((await line('bob', 'revoke', grant.id, '--reason', 'enough')).state, 'revoked')
    assert.deepEqual(codes(await running), ['57014'])
    assert.ok(Date.now() - started < 20_000)
    assert.deepEqual(codes(await client.query(select)), [denied])
    client.close()
  })

  test('is for somebody else to give, and never for longer than the most', async () => {
    const [long, words] = await access('alice', 'request', '--target', 'shop', '--for', '2h', '--reason', 'x')
    assert.equal(long, 1)
    assert.match(words, /Access to shop is given for at most 1h: ask for less/)
    const { id } = await line('bob', 'request', '--target', 'shop', '--for', '5m', '--reason', 'x')
    const [own, why] = await access('bob', 'approve', id)
    assert.equal(own, 1)
    assert.match(why, /Nobody may decide on their own request\. Ask one of dba/)
    const [hidden, unseen] = await access('alice', 'approve', id)
    assert.equal(hidden, 1)
    assert.match(unseen, /You can see no grant of that id here/)
    assert.equal((await line('carol', 'reject', id, '--reason', 'no need')).state, 'rejected')
    const [late, conflict] = await access('carol', 'approve', id)
    assert.equal(late, 1)
    assert.match(conflict, /This access was rejected/)
    assert.deepEqual(gateway.reports, [])
  })
})
