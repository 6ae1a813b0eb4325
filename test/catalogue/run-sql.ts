import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { DemoSubject } from '@sluice/demo'
import {
  isUnpermitted,
  message,
  startupOf,
  Transcript,
  WireClient,
  type Message,
  type Passed,
} from '../src/index.ts'
import type { PolicyName, Shows, SqlAttack, Through } from './case.ts'
import type { Guard, Laboratory } from './laboratory.ts'

export type Protocol = 'simple' | 'extended'

const pages = 8

/** Does the attack work on the server as it is? Leaves the database as it found it. */
export async function attackPlain(attack: SqlAttack, lab: Laboratory): Promise<void> {
  if (attack.shows.kind === 'cannotShow') return
  const bystander = attack.bystander === true ? await beside(lab, 'plain') : undefined
  const client = await WireClient.login(lab.login('plain'))
  try {
    // A transaction that is rolled back is the quickest way to put everything back.
    const undoes = attack.shows.kind === 'change' && attack.alone !== true
    if (undoes) passed(await client.query('begin'), 'begin')
    for (const sql of attack.before ?? []) passed(await client.query(sql), sql)
    const got: Transcript[] = []
    for (const sql of textsOf(attack, lab, ''))
      got.push(await say(client, sql, attack, attack.only ?? 'simple'))
    if (attack.behind !== undefined) got.push(await client.query(attack.behind))
    await shown(attack.shows, joined(got), lab, client)
    if (undoes) await client.query('rollback')
  } finally {
    client.destroy()
    bystander?.destroy()
    for (const sql of attack.after ?? []) await lab.backend.run('plain', sql)
    await lab.restored('plain')
  }
}

/** Is it stopped on its way through Sluice, with nothing leaked, nothing changed and the connection still good? */
export async function attackThrough(
  attack: SqlAttack,
  lab: Laboratory,
  guard: Guard,
  subject: DemoSubject,
  protocol: Protocol,
): Promise<void> {
  const bystander = attack.bystander === true ? await beside(lab, 'guarded') : undefined
  const client = await lab.callers.take(guard, subject)
  try {
    await through(attack, lab, guard, client, protocol)
    // What prepares an attack stays in the session.
    if (attack.before === undefined) lab.callers.giveBack(guard, subject, client)
    else client.close()
  } catch (error) {
    client.destroy()
    throw error
  } finally {
    bystander?.destroy()
  }
}

async function through(
  attack: SqlAttack,
  lab: Laboratory,
  guard: Guard,
  client: WireClient,
  protocol: Protocol,
): Promise<void> {
  const codes = attack.held === true ? ['SL001', '42501'] : ['42501']
  const expected = expectedOf(attack.through, codes, guard.policy)
  const mark = `mark_${randomBytes(8).toString('hex')}`
  const passing = guard.relay.mark()
  const heard: Transcript[] = []
  const ordinary: Message[] = []
  const ask = async (sql: string): Promise<Transcript> => {
    ordinary.push({ type: 'Q', body: Buffer.from(`${sql}\0`) })
    const answer = await client.query(sql)
    heard.push(answer)
    return answer
  }
  try {
    for (const sql of attack.before ?? []) passed(await ask(sql), sql)
    for (const sql of textsOf(attack, lab, `/* ${mark} */ `)) {
      const answer = await say(client, sql, attack, protocol)
      heard.push(answer)
      treated(expected, answer, sql)
    }
    if (attack.behind !== undefined) await ask(attack.behind)
    if (heard.at(-1)?.status !== 'I') passed(await ask('rollback'), 'rollback')
    passed(await ask('select 1'), 'select 1')
  } catch (error) {
    await lab.restored('guarded')
    throw error
  }
  const found = guard.finder.find(joined(heard).bytes)
  const changed = await lab.restored('guarded')
  assert.equal(found, undefined, `the client got ${found ?? ''}:\n${joined(heard).text.slice(0, 500)}`)
  assert.ok(!changed || expected.kind === 'changing', 'the database or its server was changed')
  if (expected.kind !== 'refused') return
  if (attack.held === true) ordinary.push(...textsOf(attack, lab, `/* ${mark} */ `).map(parseOf))
  else {
    const upstream = passing.up().some((bytes) => bytes.includes(mark))
    assert.ok(!upstream, 'the refused statement reached the database')
  }
  onlyOrdinary(passing, ordinary)
}

/** `codes`: of a refusal that needs no words. */
function expectedOf(
  through: Through | undefined,
  codes: readonly string[],
  policy: PolicyName,
): Exclude<Through, { readonly kind: 'expression' }> {
  if (through === undefined) return { kind: 'refused', codes }
  if (through.kind !== 'expression') return through
  return policy === 'open'
    ? { kind: 'refused', codes }
    : { kind: 'masked', pattern: /\[masked\]|\*{3}-\*{2}-4835|\bNULL\b|\\N/ }
}

function parseOf(sql: string): Message {
  return { type: 'P', body: message.parse('', sql).subarray(5) }
}

/** The database got what was allowed and what needs no Permit, and nothing else. */
function onlyOrdinary(passing: Passed, ordinary: readonly Message[]): void {
  for (const { connection, messages } of passing.sent()) {
    // The gateway's own reads of the catalogue are constant texts.
    if (startupOf(connection)?.get('application_name') === 'sluice catalogue') continue
    for (const { type, body } of messages) {
      const allowed = ordinary.some((each) => each.type === type && each.body.equals(body))
      const what = `${type} ${body.toString('latin1')}`
      assert.ok(
        allowed || isUnpermitted({ type, body }),
        `the database was sent what nobody permitted: ${what}`,
      )
    }
  }
}

function beside(lab: Laboratory, database: 'plain' | 'guarded'): Promise<WireClient> {
  return WireClient.login({ ...lab.login(database), parameters: { application_name: 'bystander' } })
}

function textsOf({ sql }: SqlAttack, lab: Laboratory, prefix: string): readonly string[] {
  const texts = Array.isArray(sql) ? sql : [sql]
  return texts.map((text) => prefix + (typeof text === 'function' ? text(lab.login('plain')) : text))
}

function say(client: WireClient, sql: string, attack: SqlAttack, protocol: Protocol): Promise<Transcript> {
  if (protocol === 'simple') return client.query(sql)
  const { results = [], rowsPerPage } = attack
  if (rowsPerPage === undefined) return client.ask(message.extended(sql, { results }))
  const executions = Array.from({ length: pages }, () => message.execute('', rowsPerPage))
  return client.ask(
    message.parse('', sql),
    message.bind({ results }),
    message.describe('P'),
    ...executions,
    message.sync,
  )
}

export function joined(transcripts: readonly Transcript[]): Transcript {
  return new Transcript(
    transcripts.flatMap(({ messages }) => messages),
    Buffer.concat(transcripts.map(({ bytes }) => bytes)),
    transcripts.some(({ closed }) => closed),
  )
}

export function passed(answer: Transcript, what: string): void {
  const [error] = answer.errors
  assert.ok(
    error === undefined && !answer.closed,
    `"${what}" did not pass: ${error?.code ?? ''} ${error?.message ?? ''}`,
  )
}

/** `client`: sees what its own transaction has changed so far. */
export async function shown(
  shows: Shows,
  got: Transcript,
  lab: Laboratory,
  client?: WireClient,
): Promise<void> {
  const text = got.text.slice(0, 500)
  switch (shows.kind) {
    case 'leak':
      assert.notEqual(lab.anySecret.find(got.bytes), undefined, `no secret in:\n${text}`)
      return
    case 'same': {
      const expected = (await lab.backend.run('plain', shows.as)).rows[0]?.[0]
      assert.ok(expected !== undefined)
      assert.equal(got.rows[0]?.[0], expected, text)
      return
    }
    case 'answer':
      assert.match(got.text, shows.pattern)
      return
    case 'change':
      assert.ok(await lab.changed('plain', client), `nothing has changed: ${text}`)
      return
    case 'cannotShow':
      return
  }
}

const references = {
  '42501': /\(ref dec_[0-9A-HJKMNP-TV-Z]{26}\)/,
  SL001: /\(ref apr_[0-9A-HJKMNP-TV-Z]{26}\)/,
} as const

function treated(through: Through, answer: Transcript, sql: string): void {
  const what = `${sql.slice(0, 200)}\n→ ${answer.text.slice(0, 500)}`
  assert.ok(!answer.closed, `the connection was closed: ${what}`)
  const [error] = answer.errors
  const kind = through.kind === 'hidden' ? (error === undefined ? 'masked' : 'refused') : through.kind
  if (kind === 'refused') {
    const codes = through.kind === 'refused' ? through.codes : ['42501']
    assert.ok(error !== undefined, `it was let through: ${what}`)
    assert.ok(
      codes.includes(error.code),
      `refused with ${error.code} in the place of ${codes.join(' or ')}: ${what}`,
    )
    if (error.code === '42501' || error.code === 'SL001') assert.match(error.message, references[error.code])
    assert.doesNotMatch(answer.types, /[DdGHTV]/, `something of an answer came before the refusal: ${what}`)
    return
  }
  if (through.kind === 'failed') {
    assert.equal(error?.code, through.code, what)
    return
  }
  assert.ok(error === undefined, `it was refused: ${what}`)
  if ('pattern' in through) assert.match(answer.text, through.pattern)
}
