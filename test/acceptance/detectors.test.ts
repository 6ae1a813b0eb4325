import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { RecordedEvent } from '@sluice/core'
import { startIdentityProvider } from '@sluice/demo'
import { message, startBackend, startGateway, WireClient, type Backend, type Gateway } from '../src/index.ts'

/** What detectors find leaves a database in no message, and a value with something in it stays a value of its type. */

const { bind, copyData, copyDone, describe, execute, flush, parse, query, sync } = message
const policies = fileURLToPath(new URL('policies/detectors', import.meta.url))

const card = '4111111111111111'
const mail = 'ann@example.com'
const canary = /4111|ann@|ann\\u0040/i

const tables = `
  create type mood as enum ('fine', 'call ann@example.com');
  create type contact as (name text, mail text);
  create table people (id int primary key, ssn text);
  insert into people values (1, '123-45-6789'), (2, null);
  create table notes (
    id int primary key, body text, code varchar(40), pad char(20), tag name, words text[], grid text[][],
    doc jsonb, raw json, docs jsonb[], num int8, price numeric, nums int8[], bin bytea, m mood, who contact, day date
  );
  insert into notes values (
    1, 'pay with ${card} or ask ${mail}', '${mail}', '${card}', '${mail}',
    array['plain', null, 'to ${mail}, now'], array[array['a', 'b'], array['c', '${card}']],
    '{"mail": "${mail}", "n": ${card}, "k": 2.50}', '{ "a" : "ann\\u0040example.com" , "z":1e0 }',
    array['{"c": "${card}"}']::jsonb[], ${card}, ${card}.00, array[1, ${card}], 'no ${card}', 'fine',
    row('Ann', 'none'), '2020-01-01'
  );
  insert into notes (id, body, m, who, day) values
    (2, 'nothing here', 'fine', row('Bob', 'none'), '2020-01-02'),
    (3, null, 'call ann@example.com', row('Ann', '${mail}'), null);
`

suite('detectors in front of a database', () => {
  let backend: Backend
  let gateway: Gateway
  const parts = new AsyncDisposableStack()

  before(async () => {
    const provider = await startIdentityProvider({ port: 0 })
    parts.defer(() => provider.close())
    backend = await startBackend()
    parts.defer(() => backend.close())
    await backend.run('postgres', tables)
    const login = backend.login('postgres')
    const targetOf = (
      name: string,
      detectors: string,
    ): Parameters<typeof startGateway>[0]['targets'][number] => ({
      name,
      login,
      labels: { detectors },
    })
    gateway = await startGateway({
      provider,
      policies,
      masking: { detectors: [{ name: 'ticket', pattern: String.raw`\bTKT-\d{4}\b`, chars_max: 8 }] },
      targets: [
        targetOf('shop', 'card email ssn iban phone key private_key ticket'),
        targetOf('unknown', 'card nosuch'),
      ],
    })
    parts.defer(() => gateway.close())
  })
  after(() => parts.disposeAsync())

  async function connected(target = 'shop'): Promise<WireClient> {
    return WireClient.login(await gateway.login('langchain-reporting', target))
  }

  /** Everything in the log, once there is such an event in it. */
  async function recorded(wanted: (event: RecordedEvent) => boolean): Promise<readonly RecordedEvent[]> {
    for (let left = 100; left > 0; left--) {
      const events = await gateway.events()
      if (events.some(wanted)) return events
      await sleep(50)
    }
    assert.fail('nothing of it was recorded')
  }

  async function asked(...bytes: readonly Buffer[]): ReturnType<WireClient['ready']> {
    const client = await connected()
    const answer = await client.ask(...bytes)
    client.close()
    assert.doesNotMatch(answer.bytes.toString('latin1'), canary)
    return answer
  }

  const types = 'body, code, pad, tag, words, grid, doc, raw, docs, num, price, nums, bin, day'
  const shown = [
    'pay with [masked] or ask [masked]',
    '[masked]',
    '[masked]    ',
    '[masked]',
    '{plain,NULL,"to [masked], now"}',
    '{{a,b},{c,"[masked]"}}',
    '{"k": 2.50, "n": 0, "mail": "[masked]"}',
    '{ "a" : "[masked]" , "z":1e0 }',
    String.raw`{"{\"c\": \"[masked]\"}"}`,
    '0',
    '0',
    '{1,0}',
    `\\x${Buffer.from('no [masked]').toString('hex')}`,
    '2020-01-01',
  ]

  test('values of every type stay values of it, in text', async () => {
    const answer = await asked(query(`select ${types} from notes where id = 1`))
    assert.deepEqual(answer.rows, [shown])
  })

  test('and in binary', async () => {
    const answer = await asked(
      parse('', `select body, num, doc, words, price from notes where id = 1`),
      bind({ results: [1] }),
      execute(),
      sync,
    )
    const [body, num, doc, words = ''] = answer.rows[0] ?? []
    assert.equal(body, 'pay with [masked] or ask [masked]')
    assert.equal(num, '\0'.repeat(8))
    assert.equal(doc, '\u0001{"k": 2.50, "n": 0, "mail": "[masked]"}')
    assert.match(words ?? '', /to \[masked\], now/)
  })

  test('what is in a type of their own is told and not shown', async () => {
    for (const column of ['m', 'who'])
      for (const format of [0, 1]) {
        const fine = await asked(
          parse('', `select ${column} from notes where id = 1`),
          bind({ results: [format] }),
          execute(),
          sync,
        )
        assert.equal(fine.rows.length, 1, column)
        const answer = await asked(
          parse('', `select ${column} from notes where id = 3`),
          bind({ results: [format] }),
          execute(),
          sync,
        )
        assert.deepEqual(answer.rows, [])
        assert.equal(answer.errors[0]?.code, '42501')
        assert.match(answer.errors[0]?.message ?? '', /type in which it cannot be masked/)
        assert.equal(answer.status, 'I')
      }
  })

  test('behind the masks of columns, which they do not look into', async () => {
    const answer = await asked(
      query(`select p.id, p.ssn, n.body from people p join notes n on n.id = p.id order by 1`),
    )
    assert.deepEqual(answer.rows, [
      ['1', '***-**-6789', 'pay with [masked] or ask [masked]'],
      ['2', null, 'nothing here'],
    ])
  })

  test('in expressions, which no origin tells of', async () => {
    const answer = await asked(
      query(
        `select upper(body), to_json(n)->>'code', string_agg(code, ',') over (), lower('TKT-1234') from (select body, code from notes where id = 1) n`,
      ),
    )
    assert.deepEqual(answer.rows, [['PAY WITH [masked] OR ASK [masked]', '[masked]', '[masked]', 'tkt-1234']])
  })

  test('in RETURNING, cursors and pages of portals', async () => {
    const client = await connected()
    const wrote = await client.query(`update notes set code = code where id = 1 returning code, num`)
    assert.deepEqual(wrote.rows, [['[masked]', '0']])
    await client.query('begin')
    await client.query(`declare c cursor for select body from notes order by id`)
    const fetched = await client.query('fetch 2 from c')
    assert.deepEqual(fetched.rows, [['pay with [masked] or ask [masked]'], ['nothing here']])
    await client.query('commit')
    client.send(
      parse('p', 'select body from notes where id < $1 order by id'),
      bind({ statement: 'p', values: ['3'] }),
    )
    client.send(execute('', 1), flush)
    const first = await client.until((messages) => messages.some(({ type }) => type === 's'))
    assert.deepEqual(first.rows, [['pay with [masked] or ask [masked]']])
    const second = await client.ask(execute('', 1), sync)
    assert.deepEqual(second.rows, [['nothing here']])
    client.close()
  })

  test('in several statements of one message, each with columns of its own', async () => {
    const answer = await asked(
      query(`select id from notes where id = 1; select code, id from notes where id = 1`),
    )
    assert.deepEqual(answer.rows, [['1'], ['[masked]', '1']])
  })

  for (const [options, expected] of [
    [
      '',
      `1\tpay with [masked] or ask [masked]\t{"k": 2.50, "n": 0, "mail": "[masked]"}\t0\n2\tnothing here\t\\N\t\\N\n`,
    ],
    [
      'with (format csv, header)',
      `id,body,doc,num\n1,pay with [masked] or ask [masked],"{""k"": 2.50, ""n"": 0, ""mail"": ""[masked]""}",0\n2,nothing here,,\n`,
    ],
  ] as const)
    test(`in COPY TO STDOUT ${options}`, async () => {
      const sql = `copy (select id, body, doc, num from notes where id < 3 order by id) to stdout ${options}`
      assert.equal((await asked(query(sql))).copied.toString(), expected)
    })

  test('in COPY TO STDOUT in binary, and of a table', async () => {
    const sql = `copy (select body, num from notes where id = 1) to stdout (format binary)`
    const copied = (await asked(query(sql))).copied.toString('latin1')
    assert.ok(copied.includes(`pay with [masked] or ask [masked]\0\0\0\u0008${'\0'.repeat(8)}`))
    const table = await asked(query('copy notes (id, code) to stdout'))
    assert.deepEqual(table.copied.toString().trim().split('\n').toSorted(), [
      '1\t[masked]',
      '2\t\\N',
      '3\t\\N',
    ])
  })

  test('in what a server says of values', async () => {
    const client = await connected()
    const errors = [
      `select '${card}x'::int8`,
      `select ('{"a": "${mail}'::json)->'a'`,
      `insert into notes (id, body) values (1, '${mail}')`,
      `select code::int from notes where id = 1`,
    ]
    for (const sql of errors) {
      const answer = await client.query(sql)
      assert.equal(answer.errors.length, 1, sql)
      assert.doesNotMatch(answer.text, canary)
    }
    const first = await client.query(`select 'TKT-1234 is no number'::int`)
    assert.equal(first.errors[0]?.message, 'invalid input syntax for type integer: "[masked] is no number"')
    assert.equal(first.errors[0]?.code, '22P02')
    client.close()
  })

  test('a notice, and the context of one', async () => {
    await backend.run(
      'postgres',
      `create function told() returns trigger language plpgsql as $$ begin
         raise notice 'wrote % for %', new.code, new.id using hint = 'ask ${mail}', detail = new.code; return new; end $$;
       create trigger told before update on notes for each row execute function told()`,
    )
    const answer = await asked(query(`update notes set code = code where id = 1`))
    assert.equal(answer.notices[0]?.message, 'wrote [masked] for 1')
    assert.match(answer.notices[0]?.rest ?? '', /\[masked\].*ask \[masked\]/)
    await backend.run('postgres', 'drop trigger told on notes; drop function told()')
  })

  test('a notification, whenever it comes', async () => {
    const listener = await connected()
    await listener.query('listen news')
    await backend.run(
      'postgres',
      `select pg_notify('news', '{"mail": "ann\\u0040example.com", "card": ${card}}')`,
    )
    const aside = await listener.until((messages) => messages.some(({ type }) => type === 'A'))
    assert.match(aside.text, /news\{"mail": "\[masked\]", "card": 0\}/)
    const sender = ({ bytes }: { readonly bytes: Buffer }): number =>
      bytes.readInt32BE(bytes.indexOf('news\0') - 4)
    assert.equal(sender(aside), 0, 'who is none of the gateway’s has no number here')
    const within = await listener.query(`notify news, 'to ${mail}'; select 1`)
    assert.deepEqual(within.rows, [['1']])
    assert.match(within.text, /newsto \[masked\]/)
    assert.notEqual(sender(within), 0)
    await listener.query('begin')
    listener.send(query('select pg_sleep(0.2)'), query('commit'))
    await backend.run('postgres', `notify news, 'again ${mail}'`)
    const late = await listener.until((messages) => messages.some(({ type }) => type === 'A'))
    assert.doesNotMatch(late.bytes.toString('latin1'), canary)
    listener.close()
    await recorded(
      (event) =>
        event.type === 'RecordingChunk' &&
        event.data.exchange === event.data.session &&
        event.data.index === 2,
    )
    // Three were heard beside the rows of two statements.
    await recorded((event) => event.type === 'SessionClosed' && event.data.rows === 5)
  })

  test('what a constraint says when its transaction ends, or a Sync of its own', async () => {
    await backend.run(
      'postgres',
      `create table once (mail text unique deferrable initially deferred); insert into once values ('${mail}')`,
    )
    const client = await connected()
    await client.query('begin')
    await client.query(`insert into once values ('${mail}')`)
    const late = await client.query('commit')
    assert.match(late.errors[0]?.rest ?? '', /Key \(mail\)=\(\[masked\]\)/)
    client.send(parse('', `insert into once values ('${mail}')`), bind(), execute(), flush)
    await client.until((messages) => messages.some(({ type }) => type === 'C'))
    const alone = await client.ask(sync)
    assert.equal(alone.errors[0]?.code, '23505')
    assert.doesNotMatch(alone.bytes.toString('latin1'), canary)
    client.close()
  })

  test('a statement that asks for the description first is answered the same', async () => {
    const answer = await asked(
      parse('', 'select code from notes where id = 1'),
      bind(),
      describe('P'),
      execute(),
      sync,
    )
    assert.deepEqual(answer.rows, [['[masked]']])
  })

  test('COPY FROM STDIN is what it was', async () => {
    const client = await connected()
    client.send(query('copy notes (id, body) from stdin'))
    await client.until((messages) => messages.some(({ type }) => type === 'G'))
    const done = await client.ask(copyData(`9\t${mail}\n`), copyDone)
    assert.deepEqual(done.tags, ['COPY 1'])
    assert.deepEqual((await backend.run('postgres', 'select body from notes where id = 9')).rows, [[mail]])
    await backend.run('postgres', 'delete from notes where id = 9')
    client.close()
  })

  test('a detector that nobody knows refuses', async () => {
    const client = await connected('unknown')
    const answer = await client.query('select 1')
    assert.equal(answer.errors.length, 1)
    assert.match(answer.errors[0]?.message ?? '', /there is no detector "nosuch"/)
    client.close()
  })

  test('the record counts what was found and holds the masked answer', async () => {
    await asked(query(`select code, body, num from notes where id = 1 and 'recorded' <> ''`))
    const expected = [
      { column: 'card', method: 'redact', values: 2 },
      { column: 'email', method: 'redact', values: 2 },
    ]
    const events = await recorded(
      (event) => event.type === 'ResponseCompleted' && isDeepStrictEqual(event.data.masked, expected),
    )
    const answers = events.filter(({ type }) => type === 'ResponseCompleted' || type === 'RecordingChunk')
    // Hashes have any digits sooner or later.
    const told = JSON.stringify(answers).replaceAll(/\b[0-9a-f]{32,}\b/g, '')
    assert.doesNotMatch(told, canary)
  })
})
