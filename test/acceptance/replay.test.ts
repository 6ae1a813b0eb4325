import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, DatabaseError, type QueryArrayConfig } from 'pg'
import { sluice } from '@sluice/cli'
import type { RecordedEvent } from '@sluice/core'
import { startIdentityProvider, type DemoSubject } from '@sluice/demo'
import { startGateway, type Gateway } from '../src/index.ts'
import { startBackend } from './backend.ts'
import { clearValues } from './clear-values.ts'
import { connected } from './clients/node-postgres.ts'
import { starterPolicies, target } from './stage.ts'

/** What an auditor is told of a session is what its client saw, and nothing that it did not see. */

type Values = readonly (string | null)[]

/** A line of `sluice sessions replay --json`, as far as this suite looks at it. */
interface Step {
  readonly step: string
  readonly effect?: string
  readonly rule?: string
  readonly what?: string
  readonly by?: string
  readonly reason?: string
  readonly content?: string
  readonly statements?: readonly { readonly text: string | null; readonly parameters: readonly unknown[] }[]
  readonly parts?: readonly {
    readonly kind: string
    readonly columns?: Values
    readonly rows?: readonly Values[]
  }[]
}

/** A line of `sluice audit search --json`. */
interface Line {
  readonly session: string
  readonly summary: string
  readonly effect: string
  readonly outcome: string
}

const people = 'SELECT id, name, ssn, card, email, notes FROM customers'
const caller = 'langchain-reporting'

suite('a session, replayed', () => {
  const parts = new AsyncDisposableStack()
  let gateway: Gateway
  let session: string
  /** What the client saw of each of its questions. */
  const seen: (readonly Values[])[] = []
  let refusal = ''
  /** What the target holds where the client saw a mask. */
  let clearSsn = ''

  before(async () => {
    const provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    const backend = await startBackend()
    parts.defer(() => backend.close())
    gateway = await startGateway({
      provider,
      policies: starterPolicies,
      targets: [{ name: target, login: backend.login }],
    })
    parts.defer(() => gateway.close())
    await backend.reset()
    clearSsn = await connected(backend.login, async (client) => {
      const { rows } = await client.query<{ ssn: string }>('SELECT ssn FROM customers WHERE id = 7')
      return rows[0]?.ssn ?? ''
    })
    await connected(await gateway.login(caller, target), worked)
    session = await found((event) => (event.type === 'SessionClosed' ? event.data.session : null))
  })
  after(() => parts.disposeAsync())

  async function worked(client: Client): Promise<void> {
    const rows = async (query: Omit<QueryArrayConfig, 'rowMode'>): Promise<void> => {
      const types = { getTypeParser: () => (value: string) => value }
      const { rows: found } = await client.query<(string | null)[]>({ ...query, rowMode: 'array', types })
      seen.push(found)
    }
    await rows({ text: `${people} ORDER BY id LIMIT 3` })
    await rows({ text: `${people} WHERE id = $1`, values: [7] })
    for (const id of [8, 9]) await rows({ name: 'one', text: `${people} WHERE id = $1`, values: [id] })
    // In binary the driver hands out buffers: the same question in text is what it saw.
    const binary = { text: `${people} WHERE id = $1`, values: [7], binary: true }
    await client.query(binary)
    seen.push(seen[1] ?? [])
    refusal = await client.query('DROP TABLE customers').then(
      () => 'done',
      (error: unknown) => (error instanceof DatabaseError ? error.message : String(error)),
    )
    const deleted = client.query("DELETE FROM jobs WHERE label = 'first'")
    const approval = await found((event) => (event.type === 'ApprovalRequested' ? event.data.approval : null))
    assert.equal((await ran('bob', 'approvals', 'approve', approval, '--reason', 'ticket 7')).code, 0)
    assert.equal((await deleted).rowCount, 1)
  }

  /** What an event of the log says, as soon as there is such an event. */
  async function found(look: (event: RecordedEvent) => string | null): Promise<string> {
    const until = performance.now() + 30_000
    while (performance.now() < until) {
      for (const event of await gateway.events()) {
        const answer = look(event)
        if (answer !== null) return answer
      }
      await sleep(20)
    }
    throw new Error('it is not in the log')
  }

  async function ran(who: DemoSubject, ...args: readonly string[]) {
    const { password } = await gateway.login(who, target)
    const { host, port } = gateway.api
    const written = { out: '', error: '' }
    const code = await sluice(args, {
      env: { SLUICE_URL: `http://${host}:${port}`, SLUICE_TOKEN: password, SLUICE_DATA: '/nowhere' },
      signal: new AbortController().signal,
      out: (text) => (written.out += text),
      error: (text) => (written.error += text),
    })
    return { code, ...written }
  }

  async function replayed(who: DemoSubject): Promise<readonly Step[]> {
    const { code, out, error } = await ran(who, 'sessions', 'replay', session, '--json')
    assert.equal(code, 0, error)
    return out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Step)
  }

  test('shows each answer exactly as the client saw it, in text and in binary', async () => {
    const answers = (await replayed('erin')).flatMap(({ parts: told = [] }) =>
      told.flatMap(({ kind, columns, rows }) => (kind === 'rows' ? [{ columns, rows }] : [])),
    )
    const columns = ['id', 'name', 'ssn', 'card', 'email', 'notes']
    assert.deepEqual(
      answers,
      seen.map((rows) => ({ columns, rows })),
    )
    assert.ok(
      seen.flat().length === 7 && seen.flat().every(([, , ssn]) => ssn?.startsWith('***-**-') === true),
    )
  })

  test('shows no value that was masked, in words or as JSON', async () => {
    for (const json of [[], ['--json']]) {
      const { out } = await ran('erin', 'sessions', 'replay', session, ...json)
      assert.match(out, /\*\*\*-\*\*-\d{4}/)
      assert.deepEqual(clearValues(out), [])
    }
  })

  test('tells who asked what, the verdicts, the vote and its reason, in order', async () => {
    const steps = await replayed('erin')
    const texts = steps.flatMap(({ statements = [] }) => statements)
    assert.deepEqual(
      texts.filter(({ text }) => text?.endsWith('$1') === true).map(({ parameters }) => parameters),
      // Each statement is prepared, then bound; the named one is prepared once.
      [[], ['7'], [], ['8'], ['9'], [], ['7']],
    )
    const story = steps.flatMap(({ step, effect, rule, what, by, reason }) => {
      if (step === 'decision' && effect !== 'allow') return [`${effect} ${rule}`]
      return step === 'approval' ? [`${what} ${by} ${reason}`] : []
    })
    assert.match(refusal, /Access denied by policy/)
    assert.match(story[0] ?? '', /^deny /)
    assert.ok(refusal.includes(`"${story[0]?.slice('deny '.length)}"`), refusal)
    assert.match(story[1] ?? '', /^hold /)
    assert.match(story[2] ?? '', /^requested demo#langchain-reporting /)
    assert.deepEqual(story.slice(3), ['granted demo#bob ticket 7', 'consumed gateway '])
    assert.equal(steps[0]?.step, 'opened')
    assert.equal(steps.at(-1)?.step, 'closed')
    assert.deepEqual(
      steps.filter(({ step }) => step === 'forged' || step === 'unknown'),
      [],
    )
  })

  test('is for auditors and for whoever was served; each reading is in the log', async () => {
    await replayed(caller)
    for (const who of ['alice', 'bob'] as const)
      assert.match((await ran(who, 'sessions', 'replay', session)).error, /can see no session of that id/)
    for (const [who, outcome] of [
      ['erin', 'done'],
      [caller, 'done'],
      ['bob', 'refused'],
    ] as const)
      await found(({ type, data }) => {
        const reads = type === 'AdminActed' && data.action === 'content.read' && data.resource === session
        return reads && data.by.id === `demo#${who}` && data.outcome === outcome ? who : null
      })
  })

  /** What a search finds of the session, as soon as the read models know all of it. */
  async function searched(who: DemoSubject, ...args: readonly string[]): Promise<readonly Line[]> {
    const until = performance.now() + 30_000
    for (;;) {
      const all = await lines(who, 'audit', 'search', '--json')
      if (
        all.some(
          ({ session: of, summary, outcome }) =>
            of === session && summary.startsWith('sql.delete') && outcome === 'completed',
        )
      )
        break
      assert.ok(performance.now() < until, 'the read models do not follow')
      await sleep(20)
    }
    return lines(who, 'audit', 'search', '--json', ...args)
  }

  async function lines(...[who, ...args]: Parameters<typeof ran>): Promise<readonly Line[]> {
    const { code, out, error } = await ran(who, ...args)
    assert.equal(code, 0, error)
    return out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  }

  test('is found by what was done and why, by auditors and by whoever did it', async () => {
    const found = (of: readonly Line[]): readonly string[] =>
      of.map(({ summary, effect }) => `${effect} ${summary}`)
    for (const who of ['erin', caller] as const) {
      assert.deepEqual(found(await searched(who, '--effect', 'deny')), ['deny sql.ddl public.customers'])
      assert.deepEqual(found(await searched(who, '--table', 'public.jobs')), ['allow sql.delete public.jobs'])
      assert.deepEqual(found(await searched(who, '--text', 'drop is not allowed')), [
        'deny sql.ddl public.customers',
      ])
      assert.equal((await searched(who, '--table', 'public.customers', '--action', 'sql.select')).length, 5)
    }
    assert.deepEqual(await lines('alice', 'audit', 'search', '--json'), [])
  })

  test('is found by what the client saw, and never by what was masked', async () => {
    const seenName = seen[0]?.[0]?.[1] ?? ''
    assert.equal((await searched('erin', '--content', '--text', seenName)).length, 1)
    assert.match(clearSsn, /^\d{3}-\d{2}-\d{4}$/)
    assert.deepEqual(await searched('erin', '--content', '--text', clearSsn), [])
    assert.match(
      (await ran(caller, 'audit', 'search', '--content', '--text', 'x')).error,
      /needs the role auditor/,
    )
  })

  test('says of erased content that it is erased, and tells the rest', async () => {
    assert.equal(
      (await ran('carol', 'audit', 'erase', '--session', session, '--reason', 'asked for it')).code,
      0,
    )
    const steps = await replayed('erin')
    assert.deepEqual(
      steps
        .flatMap(({ step, content }) => (step === 'request' ? [content] : []))
        .filter((each) => each !== 'erased'),
      [],
    )
    assert.deepEqual(
      steps.flatMap(({ parts: told = [], statements = [] }) => [...told, ...statements]),
      [],
    )
    assert.ok(steps.some(({ effect }) => effect === 'deny'))
  })
})
