import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { message, WireClient, type Gateway, type Login } from '../src/index.ts'
import { Shop } from './shop.ts'

/**
 * A server tells names of statements and portals apart by 63 bytes. To a gateway that went by all of a name, a harmless
 * statement would stand where the server has another one.
 */

const { bind, close, describe, execute, parse, sync } = message
const ssn = '900-12-3456'
const known = 'n'.repeat(63)
const long = `${known}-and-more`
const secret = `select ssn || '' from people`

/** Each ends with the execution of what has the long name. */
const attacks: Readonly<Record<string, readonly (string | readonly Buffer[])[]>> = {
  'a statement that SQL has deallocated': [
    [parse(long, 'select 1'), sync],
    `deallocate ${known}`,
    [parse(known, secret), sync],
    [bind({ statement: long }), execute(), sync],
  ],
  'a statement that was closed under another name': [
    [parse(long, 'select 1'), sync],
    [close('S', `${known}-and-less`), sync],
    [parse(`${known}-and-less`, secret), sync],
    [bind({ statement: long }), execute(), sync],
  ],
  'a statement of SQL': [
    [parse(long, 'select 1'), sync],
    `deallocate ${known}; prepare ${known} as ${secret}`,
    [bind({ statement: long }), execute(), sync],
  ],
  'a portal that SQL has closed': [
    'begin',
    [parse('', 'select 1'), bind({ portal: long }), sync],
    `close ${known}`,
    [parse('', secret), bind({ portal: known }), sync],
    [execute(long), sync],
  ],
  'a portal that was closed under another name': [
    'begin',
    [parse('', 'select 1'), bind({ portal: long }), sync],
    [close('P', known), parse('', secret), bind({ portal: known }), sync],
    [execute(long), sync],
  ],
}

suite('names that are longer than a server knows them', () => {
  let shop: Shop
  let gateway: Gateway

  before(async () => {
    shop = await Shop.open(`create table people (id int, ssn text); insert into people values (1, '${ssn}')`)
    const masked = { 'public.people': { ssn: { method: 'redact', derived: 'mask' } } }
    gateway = await shop.door({ policies: 'masks', masked })
  })
  after(() => shop?.[Symbol.asyncDispose]())

  async function lastOf(login: Login, asked: (typeof attacks)[string]): Promise<string> {
    const client = await WireClient.login(login)
    let last = ''
    for (const each of asked) {
      const answer = typeof each === 'string' ? await client.query(each) : await client.ask(...each)
      assert.deepEqual(answer.errors, [])
      last = answer.rows.flat().join()
    }
    client.close()
    return last
  }

  for (const [what, asked] of Object.entries(attacks))
    test(`show what is executed: ${what}`, async () => {
      assert.equal(await lastOf(shop.direct, asked), ssn, 'it does on the server itself')
      assert.equal(await lastOf(await gateway.login('alice', 'shop'), asked), '[masked]')
    })

  test('work as on the server itself', async () => {
    const asked = [
      parse(long, 'select $1::int'),
      describe('S', long),
      bind({ portal: long, statement: `${known}!`, values: ['7'] }),
      describe('P', known),
      execute(long),
      close('P', long),
      close('S', long),
      parse(`${known}?`, 'select 8'),
      bind({ statement: known }),
      execute(),
      sync,
    ]
    const answers: string[] = []
    for (const login of [shop.direct, await gateway.login('alice', 'shop')]) {
      const client = await WireClient.login(login)
      const { types, rows, errors } = await client.ask(...asked)
      assert.deepEqual(errors, [])
      answers.push(`${types} ${rows.join()}`)
      client.close()
    }
    assert.equal(answers[1], answers[0])
  })

  test('end the connection where the part that counts ends within a character', async () => {
    const client = await WireClient.login(await gateway.login('alice', 'shop'))
    const { errors, closed } = await client.ask(parse(`${'n'.repeat(62)}é`, 'select 1'), sync)
    assert.deepEqual([errors.map(({ code }) => code), closed], [['08P01'], true])
  })
})
