import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { WireClient, type Login, type Transcript } from '../src/index.ts'
import type { Guard, Laboratory } from './laboratory.ts'
import { joined, passed, shown } from './run-sql.ts'
import type { WireAttack, WireThrough } from './wire-case.ts'

interface Played {
  readonly client: WireClient
  readonly greeting: Transcript
  /** The answers to the script; empty when nobody was let in. */
  readonly heard: Transcript
}

/** Does the attack work on the server as it is? Leaves the database as it found it. */
export async function wirePlain(attack: WireAttack, lab: Laboratory): Promise<void> {
  if (attack.shows.kind === 'cannotShow') return
  const { client, greeting, heard } = await play(attack, lab.login('plain'), 'mark')
  try {
    assert.ok(greeting.status !== undefined, greeting.text)
    await shown(attack.shows, heard, lab)
  } finally {
    client.destroy()
    await lab.restored('plain')
  }
}

/** Is it stopped on its way through Sluice, with nothing leaked, nothing changed and nothing of it upstream? */
export async function wireThrough(attack: WireAttack, lab: Laboratory, guard: Guard): Promise<void> {
  const { through } = attack
  const mark = `mark_${randomBytes(8).toString('hex')}`
  const passing = guard.relay.mark()
  const before = (await guard.gateway.events()).length
  const login = await guard.gateway.login('langchain-reporting', 'shop')
  const { client, greeting, heard } = await play(attack, login, mark)
  try {
    answered(through, greeting, heard)
    if (through.ends !== true && !isOver(heard)) await stillGood(client, heard)
    client.close()
    const found = guard.finder.find(joined([greeting, heard]).bytes)
    assert.equal(found, undefined, `the client got ${found ?? ''}`)
    const upstream = passing.up().some((bytes) => bytes.includes(mark))
    assert.ok(!upstream, 'the database was sent what was refused')
    if (through.ends === true && greeting.status === undefined)
      assert.equal(passing.opened().length, 0, 'the database was dialled for a caller who was not let in')
    await recorded(through, guard, before)
  } finally {
    client.destroy()
    assert.equal(await lab.restored('guarded'), through.changes ?? false, 'whether the database was changed')
  }
}

async function play(attack: WireAttack, login: Login, mark: string): Promise<Played> {
  const { parameters = {}, protocol } = attack
  const client = await WireClient.connect(login)
  const greeting = await client.start({
    ...login,
    parameters,
    ...(protocol === undefined ? {} : { protocol }),
  })
  const heard: Transcript[] = []
  if (greeting.status !== undefined)
    for (const { send, until } of attack.script(mark)) {
      client.send(send)
      switch (until.kind) {
        case 'ready':
          heard.push(await client.ready(until.times))
          break
        case 'types':
          heard.push(await client.until((all) => until.pattern.test(all.map(({ type }) => type).join(''))))
          break
        case 'end':
          heard.push(await client.end())
          break
        case 'leave':
          await sleep(100)
          client.destroy()
          break
      }
    }
  return { client, greeting, heard: joined(heard) }
}

function answered(through: WireThrough, greeting: Transcript, heard: Transcript): void {
  const whole = joined([greeting, heard])
  const what = `${greeting.types} ${heard.types}\n${whole.text.slice(0, 800)}`
  if (through.greeting !== undefined) assert.match(greeting.types, through.greeting, what)
  if (through.types !== undefined) assert.match(heard.types, through.types, what)
  if (through.codes.length === 0) assert.deepEqual(whole.errors, [], what)
  else assert.ok(whole.errors.length > 0, `nothing was refused: ${what}`)
  for (const { code } of whole.errors) assert.ok(through.codes.includes(code), `an error ${code}: ${what}`)
  if (through.says !== undefined) assert.match(heard.text, through.says)
}

function isOver(heard: Transcript): boolean {
  return heard.closed || heard.errors.some(({ severity }) => severity === 'FATAL')
}

/** A refusal must not cost the connection. */
async function stillGood(client: WireClient, heard: Transcript): Promise<void> {
  if (heard.status !== 'I') passed(await client.query('rollback'), 'rollback')
  passed(await client.query('select 1'), 'select 1')
}

const recordWaitMs = 3_000

/** The log may say how something ended a moment after the caller knows. */
async function recorded(through: WireThrough, guard: Guard, before: number): Promise<void> {
  const late = performance.now() + recordWaitMs
  for (;;) {
    const events = (await guard.gateway.events()).slice(before)
    const lines = events.map(({ type, data }) => JSON.stringify({ type, data }))
    const missing = (through.recorded ?? []).filter((pattern) => !lines.some((line) => pattern.test(line)))
    if (missing.length === 0) return
    assert.ok(performance.now() < late, `the log does not say ${missing.join(', ')}:\n${lines.join('\n')}`)
    await sleep(50)
  }
}
