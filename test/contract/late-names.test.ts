import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { message, WireClient, type Gateway } from '../src/index.ts'
import { Shop } from './shop.ts'

/**
 * A portal of FETCH, EXECUTE and the like finds what it names when it is executed, not when it is bound. What was
 * judged at its Bind may be something else by then.
 */

const { bind, execute, parse, sync } = message
const ssn = '900-12-3456'
const secret = `select ssn || '' from people`

interface Attack {
  readonly before: string
  readonly bound: string
  readonly between: readonly string[]
  /** Asks for its rows in SQL. */
  readonly last?: string
}

/** `page`: one row of the portal is taken. */
const attacks: Readonly<Record<string, Attack>> = {
  'a cursor': {
    before: "declare c cursor for select 'x'::text",
    bound: 'fetch all from c',
    between: [`close c; declare c cursor for ${secret}`],
  },
  'a cursor, by FETCH of the portal': {
    before: "declare c cursor for select 'x'::text",
    bound: 'fetch all from c',
    between: [`close c; declare c cursor for ${secret}`],
    last: 'fetch all from p',
  },
  'the rest of a cursor': {
    before: `declare c cursor for ${secret}`,
    bound: 'fetch all from c',
    between: ['page', "close c; declare c cursor for select 'x'::text"],
  },
  'a statement of SQL': {
    before: "prepare x as select 'x'::text",
    bound: 'execute x',
    between: [`deallocate x; prepare x as ${secret}`],
  },
  'the rest of a statement of SQL': {
    before: `deallocate x; prepare x as ${secret}`,
    bound: 'execute x',
    between: ['page', "deallocate x; prepare x as select 'x'::text"],
  },
  'a write': {
    before: "deallocate x; prepare x as select 'x'::text",
    bound: 'execute x',
    between: [`deallocate x; prepare x as update clear set t = '${ssn}' returning t`],
  },
}

suite('portals that find their names late', () => {
  let shop: Shop
  let gateway: Gateway
  let direct: WireClient
  let client: WireClient

  before(async () => {
    shop = await Shop.open(
      `create table people (id int, ssn text); insert into people select n, '${ssn}' from generate_series(1, 3) n;
      create table clear (t text); insert into clear values ('x');`,
    )
    const masked = { 'public.people': { ssn: { method: 'redact', derived: 'mask' } } }
    gateway = await shop.door({ policies: 'masks', masked })
    direct = await WireClient.login(shop.direct)
    client = await WireClient.login(await gateway.login('alice', 'shop'))
  })
  after(async () => {
    direct?.close()
    client?.close()
    await shop?.[Symbol.asyncDispose]()
  })

  async function shows(by: WireClient, { before, bound, between, last }: Attack): Promise<string> {
    let seen = ''
    await by.query('begin')
    const asked = [before, '', ...between]
    for (const each of asked) {
      const answer =
        each === ''
          ? await by.ask(parse('', bound), bind({ portal: 'p' }), sync)
          : each === 'page'
            ? await by.ask(execute('p', 1), sync)
            : await by.query(each)
      assert.deepEqual(answer.errors, [], each)
      seen += answer.text
    }
    const { errors, text } = await (last === undefined ? by.ask(execute('p'), sync) : by.query(last))
    await by.query('rollback')
    if (by === client) assert.equal(errors[0]?.code, '42501')
    return seen + text
  }

  for (const [what, attack] of Object.entries(attacks))
    test(`do not show what was not judged: ${what}`, async () => {
      assert.ok((await shows(direct, attack)).includes(ssn), 'they do on the server itself')
      assert.ok(!(await shows(client, attack)).includes(ssn))
    })

  test('are executed in pages where their names mean what they did', async () => {
    for (const [before, bound, rows] of [
      ["declare c cursor for select 'x' from generate_series(1, 2)", 'fetch all from c', 2],
      [`deallocate all; prepare y as ${secret}`, 'execute y', 3],
      ['select 1', 'show work_mem', 1],
      ['select 1', 'explain select 1', 1],
      [`declare d cursor for ${secret}`, 'fetch 3 from d', 3],
    ] as const) {
      await client.query('begin')
      assert.deepEqual((await client.query(before)).errors, [])
      await client.ask(parse('', bound), bind({ portal: 'p' }), sync)
      let taken = 0
      for (let page = 0; page < rows; page++) {
        const answer = await client.ask(execute('p', 1), sync)
        assert.deepEqual(answer.errors, [], bound)
        taken += answer.rows.length
      }
      assert.equal(taken, rows, bound)
      await client.query('commit')
    }
  })
})
