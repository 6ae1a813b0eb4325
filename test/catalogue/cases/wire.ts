import { message } from '../../src/index.ts'
import { answer, cannotShow, change } from '../case.ts'
import { ask, end, leave, ready, types, type WireAttack, type WireCase } from '../wire-case.ts'

const { bind, close, copyData, copyDone, copyFail, describe, execute, flush, frame, parse, query, sync } =
  message

/** What is done with the protocol itself (catalogue §2.1), byte for byte. */

const destroys = 'rows are gone that a policy protects'
const confuses = 'gateway and server read two different things'

/** Deletes what the starter policy lets nobody delete, or asks an approver about. */
const denied = (mark: string): string => `/* ${mark} */ delete from orders`
const held = (mark: string): string => `/* ${mark} */ delete from orders where id = 1`

const copied = 'copy (select id, ssn from customers) to stdout'

/** What is said of it waits for the end of the transaction. */
const late = "update customers set name = 'late' where id = 1"

const serverRefuses = cannotShow('the server answers with the same error')

export const wireCases: readonly WireCase[] = [
  {
    id: 'S16',
    title: 'a name that is prepared again',
    stake: destroys,
    attacks: [
      {
        name: 'closed and prepared anew',
        script: (mark) => [
          ask(parse('s1', 'select 1'), sync),
          ask(close('S', 's1'), sync),
          ask(parse('s1', denied(mark)), bind({ statement: 's1' }), execute(), sync),
        ],
        shows: change,
        through: { codes: ['42501'], types: /^1Z3ZEZ$/ },
      },
      {
        name: 'prepared anew with what is only held',
        script: () => [
          ask(parse('s1', 'select 1'), close('S', 's1'), parse('s1', held('prepared')), sync),
          ask(bind({ statement: 's1' }), execute(), sync),
        ],
        shows: change,
        through: { codes: ['SL001'], types: /^131Z2?EZ$/ },
      },
      {
        name: 'prepared twice without a Close: the old one stays',
        script: (mark) => [
          ask(parse('s1', 'select 17'), sync),
          ask(parse('s1', denied(mark)), sync),
          ask(bind({ statement: 's1' }), describe('P'), execute(), sync),
        ],
        shows: cannotShow('the server refuses the second and keeps the first too'),
        through: { codes: ['42501', '42P05'], types: /^1ZEZ2TDCZ$/, says: /^17$/m },
      },
      {
        name: 'prepared behind a failure, so that it never was',
        script: (mark) => [
          ask(parse('bad', 'selec'), parse('s1', 'select 1'), sync),
          ask(parse('s1', denied(mark)), sync),
          ask(bind({ statement: 's1' }), execute(), sync),
        ],
        shows: change,
        through: { codes: ['42601', '42501', '26000'], types: /^EZEZEZ$/ },
      },
      {
        name: 'prepared by SQL, executed by message',
        script: () => [
          ask(query(`prepare s1 as ${held('prepared')}`)),
          ask(bind({ statement: 's1' }), execute(), sync),
        ],
        shows: change,
        through: { codes: ['SL001'], types: /^CZ2?EZ$/ },
      },
      {
        name: 'prepared by message, executed by SQL',
        script: () => [ask(parse('s1', held('prepared')), sync), ask(query('execute s1'))],
        shows: change,
        through: { codes: ['SL001'], types: /^1ZEZ$/ },
      },
      {
        name: 'all names forgotten by SQL, one of them prepared anew',
        script: () => [
          ask(parse('s1', 'select 1'), sync),
          ask(query('deallocate all')),
          ask(parse('s1', held('prepared')), bind({ statement: 's1' }), execute(), sync),
        ],
        shows: change,
        through: { codes: ['SL001'], types: /^1ZCZ1?2?EZ$/ },
      },
    ],
  },
  {
    id: 'S17',
    title: 'a portal of another statement than the one that was judged',
    stake: destroys,
    attacks: [
      {
        name: 'the unnamed portal, bound twice',
        script: () => [
          ask(parse('a', 'select 1'), parse('b', held('prepared')), sync),
          ask(bind({ statement: 'a' }), bind({ statement: 'b' }), execute(), sync),
        ],
        shows: change,
        through: { codes: ['SL001'], types: /^11Z2{0,2}EZ$/ },
      },
      {
        name: 'a named portal, closed and bound anew',
        script: () => [
          ask(
            parse('a', 'select 1'),
            parse('b', held('prepared')),
            bind({ portal: 'p', statement: 'a' }),
            close('P', 'p'),
            bind({ portal: 'p', statement: 'b' }),
            execute('p'),
            sync,
          ),
        ],
        shows: change,
        through: { codes: ['SL001'], types: /^11232?EZ$/ },
      },
      {
        name: 'the unnamed statement, prepared again before it is bound',
        script: (mark) => [
          ask(parse('', 'select 1'), parse('', denied(mark)), bind(), execute(), sync),
          ask(bind(), execute(), sync),
        ],
        shows: change,
        through: { codes: ['42501', '26000'], types: /^1EZEZ$/ },
      },
      {
        name: 'the unnamed statement, prepared again behind the Bind: the portal keeps the old one',
        script: () => [
          ask(parse('', 'select 17'), bind(), parse('', held('prepared')), describe('P'), execute(), sync),
          ask(bind(), execute(), sync),
        ],
        shows: change,
        through: { codes: ['SL001'], types: /^121TDCZ2?EZ$/, says: /^17$/m },
      },
      {
        name: 'parameters that were not judged: the same statement bound again',
        script: () => [
          ask(parse('u', 'update orders set total = $2 where id = $1 returning id'), sync),
          ask(query('begin')),
          ask(
            bind({ statement: 'u', values: ['1', '5'] }),
            bind({ statement: 'u', values: ['2', '6'] }),
            execute(),
            sync,
          ),
          ask(query('rollback')),
        ],
        shows: cannotShow('an ordinary change; what the log says of its parameters is the question'),
        through: { codes: [], types: /^1ZCZ22DCZCZ$/, says: /^2$/m },
      },
      {
        name: 'a cursor of SQL, executed by message',
        script: () => [
          ask(query('begin')),
          ask(query('declare c cursor for select ssn from customers where id = 1')),
          ask(describe('P', 'c'), execute('c'), sync),
        ],
        shows: { kind: 'leak' },
        through: { codes: [], types: /^CZCZTDCZ$/, says: /\*\*\*-\*\*-4835/ },
      },
    ],
  },
  {
    id: 'S18',
    title: 'pipelines: everything in one segment, before any decision',
    stake: destroys,
    attacks: [
      {
        name: 'executions up to one Sync',
        script: (mark) => [
          ask(
            step('select 1'),
            step(denied(mark)),
            step(`/* ${mark} */ insert into orders (customer_id, total) values (1, 1)`),
            sync,
          ),
          ask(step('select 3'), sync),
        ],
        shows: change,
        through: { codes: ['42501'], types: /^12DCEZ12DCZ$/ },
      },
      {
        name: 'a held one in the middle',
        script: (mark) => [
          ask(step('select 1'), step(held('prepared')), step(`/* ${mark} */ select 2`), sync),
          ask(step('select 3'), sync),
        ],
        shows: change,
        through: { codes: ['SL001'], types: /^12DC1?2?EZ12DCZ$/ },
      },
      {
        name: 'with Flush in the place of Sync',
        script: (mark) => [
          types(/C$/, step('select 1'), flush),
          types(/[CE]$/, step(denied(mark)), flush),
          ask(step('select 2'), flush, sync),
          ask(step('select 3'), sync),
        ],
        shows: change,
        through: { codes: ['42501'], types: /^12DCEZ12DCZ$/ },
      },
      {
        name: 'several Sync in one segment',
        script: (mark) => [
          ready(3, step('select 1'), sync, step(denied(mark)), sync, step('select 3'), sync),
        ],
        shows: change,
        through: { codes: ['42501'], types: /^12DCZEZ12DCZ$/ },
      },
      {
        name: 'Query messages in one segment',
        script: (mark) => [ready(3, query('select 1'), query(denied(mark)), query('select 3'))],
        shows: change,
        through: { codes: ['42501'], types: /^TDCZEZTDCZ$/ },
      },
      {
        name: 'a transaction in one segment fails as a whole',
        script: (mark) => [
          ready(
            4,
            query('begin; update feature_flags set enabled = not enabled where key = $$dark-mode$$'),
            query(denied(mark)),
            query('insert into orders (customer_id, total) values (1, 1)'),
            query('commit'),
          ),
        ],
        shows: change,
        through: { codes: ['42501', '25P02'], types: /^CCZEZEZCZ$/, says: /^ROLLBACK$/m },
      },
      {
        name: 'both protocols in one segment',
        script: (mark) => [ready(3, step('select 1'), sync, query(denied(mark)), step('select 3'), sync)],
        shows: change,
        through: { codes: ['42501'], types: /^12DCZEZ12DCZ$/ },
      },
      {
        name: 'fifty executions, the third denied',
        script: (mark) => [
          ask(
            step('select 1'),
            step('select 2'),
            step(denied(mark)),
            ...Array.from({ length: 47 }, () => step(`/* ${mark} */ select 4`)),
            sync,
          ),
        ],
        shows: change,
        through: { codes: ['42501'], types: /^12DC12DCEZ$/ },
      },
    ],
  },
  {
    id: 'M23',
    title: 'COPY TO STDOUT within a conversation',
    stake: 'a protected column is copied in clear, or the client loses its place',
    attacks: [
      {
        name: 'as Query messages in one segment',
        script: () => [ready(3, query('select 1'), query(copied), query('select 3'))],
        shows: { kind: 'leak' },
        through: {
          codes: [],
          types: /^TDCZHd{5}cCZTDCZ$/,
          says: /^\d+\t\*\*\*-\*\*-4835$/m,
          recorded: [/"ResponseCompleted".*customers\.ssn/],
        },
      },
      {
        name: 'in a pipeline, and its statement executed again',
        script: () => [
          ask(
            parse('copy', copied),
            step('select 1'),
            bind({ statement: 'copy' }),
            execute(),
            step('select 2'),
            sync,
          ),
          ask(bind({ portal: 'p', statement: 'copy' }), describe('P', 'p'), execute('p', 1), sync),
        ],
        shows: { kind: 'leak' },
        through: { codes: [], types: /^112DC2Hd{5}cC12DCZ2nHd{5}cCZ$/, says: /^\d+\t\*\*\*-\*\*-4835$/m },
      },
      {
        name: 'in a transaction that it fails',
        script: () => [
          ready(
            4,
            query('begin'),
            query('copy (select ssn, 1 / (id - 100) from customers) to stdout'),
            query(copied),
            query('rollback'),
          ),
        ],
        shows: { kind: 'leak' },
        through: {
          codes: ['22012', '25P02'],
          types: /^CZHd{4}EZEZCZ$/,
          says: /^ERROR 22012 division by zero $/m,
        },
      },
      {
        name: 'behind a failure without a Sync, where a server skips it',
        script: () => [
          ask(step('select 1 / 0'), query(copied), step('select 2'), sync),
          ask(step('select 3'), sync),
        ],
        shows: cannotShow('the server skips it'),
        through: { codes: ['22012'], types: /^1E1?2?D?C?Z12DCZ$/ },
      },
      {
        name: "a statement of the client by the name of the gateway's own",
        script: () => [
          ask(parse('sluice_copied', 'select 1'), sync),
          ask(query('prepare sluice_copied as select 1')),
          ask(query(copied)),
          ask(bind({ statement: 'sluice_copied' }), execute(), sync),
        ],
        shows: { kind: 'leak' },
        through: { codes: ['42501', '26000'], types: /^EZEZHd{5}cCZEZ$/ },
      },
    ],
  },
  {
    id: 'M16',
    title: 'errors at the end of a pipeline',
    stake: 'a constraint that waited tells a protected value',
    attacks: [
      {
        name: 'at the Sync behind another statement',
        script: () => [ask(step(late), step('select 1'), sync)],
        shows: { kind: 'leak' },
        through: { codes: ['P0001'], types: /^12C12DCNEZ$/, says: /withheld/ },
      },
      {
        name: 'at a Sync of its own',
        script: () => [types(/C$/, step(late), flush), ask(sync)],
        shows: { kind: 'leak' },
        through: { codes: ['P0001'], types: /^12CNEZ$/, says: /withheld/ },
      },
    ],
  },
  {
    id: 'S20',
    title: 'Describe without Execute',
    stake: 'names and types are read without a record of it',
    attacks: [
      {
        name: 'of an ordinary statement: names and types, no row, and a record',
        script: () => [ask(parse('s', 'select * from customers'), describe('S', 's'), sync)],
        shows: answer(/^$/),
        through: {
          codes: [],
          types: /^1tTZ$/,
          recorded: [/"RequestReceived".*sql\.prepare/, /"DecisionMade".*allow/],
        },
      },
      {
        name: 'of a statement that is denied',
        script: (mark) => [
          ask(parse('s', `/* ${mark} */ delete from orders returning *`), describe('S', 's'), sync),
        ],
        shows: cannotShow('it only tells names and types'),
        through: { codes: ['42501'], types: /^EZ$/, recorded: [/"DecisionMade".*deny/] },
      },
      {
        name: 'of a masked expression',
        script: () => [ask(parse('s', 'select reverse(ssn) from customers'), describe('S', 's'), sync)],
        shows: cannotShow('it only tells names and types'),
        through: { codes: [], types: /^1tTZ$/ },
      },
      {
        name: 'of an expression that tells of a masked column',
        script: (mark) => [
          ask(parse('s', `/* ${mark} */ select ssn::int from customers`), describe('S', 's'), sync),
        ],
        shows: cannotShow('it only tells names and types'),
        through: { codes: ['42501'], types: /^EZ$/ },
      },
    ],
  },
  {
    id: 'S22',
    title: 'COPY FROM STDIN',
    stake: 'rows are loaded without a record, or into a table whose columns are masked',
    attacks: [
      {
        name: 'into a protected table, its data in the same segment',
        script: (mark) => [
          ready(
            2,
            query(`/* ${mark} */ copy customers (name, email, ssn, card) from stdin`),
            copyData(`${mark}\t${mark}@example.com\t1\t411111111111\n`),
            copyDone,
            query('select 1'),
          ),
        ],
        shows: change,
        through: { codes: ['42501'], types: /^EZTDCZ$/ },
      },
      {
        name: 'into an ordinary table: recorded with its size',
        script: () => [
          types(/G$/, query('copy orders (customer_id, total) from stdin')),
          ask(copyData('1\t77\n'), copyData('2\t78\n'), copyDone),
        ],
        shows: change,
        through: {
          codes: [],
          types: /^GCZ$/,
          changes: true,
          recorded: [
            /"RequestReceived".*sql\.copy_in/,
            /"RecordingChunk".*"direction":"request"/,
            /"ResponseCompleted".*"outcome":"completed"/,
          ],
        },
      },
      {
        name: 'given up with CopyFail',
        script: () => [
          types(/G$/, query('copy orders (customer_id, total) from stdin')),
          ask(copyData('1\t77\n'), copyFail('never mind')),
        ],
        shows: cannotShow('nothing is loaded; what the log says of it is the question'),
        through: { codes: ['57014'], types: /^GEZ$/, recorded: [/"ResponseCompleted".*"outcome":"failed"/] },
      },
      {
        name: 'left in the middle',
        script: () => [
          types(/G$/, query('copy orders (customer_id, total) from stdin')),
          leave(copyData('1\t77\n')),
        ],
        shows: cannotShow('nothing is loaded; what the log says of it is the question'),
        through: {
          codes: [],
          types: /^G$/,
          ends: true,
          recorded: [/"ResponseCompleted".*"outcome":"(failed|cut)"/, /"SessionClosed"/],
        },
      },
      {
        name: 'a statement in the middle of the data',
        script: (mark) => [
          types(/G$/, query('copy orders (customer_id, total) from stdin')),
          end(copyData('1\t77\n'), query(denied(mark))),
        ],
        shows: cannotShow('the server ends the connection'),
        through: { codes: ['08P01', '57014'], ends: true },
      },
    ],
  },
  {
    id: 'S29',
    title: 'the message that calls a function by its number',
    stake: 'any function is called without SQL',
    attacks: [
      {
        name: 'lo_creat makes a large object',
        script: () => [ask(message.functionCall(957, ['-1']))],
        shows: change,
        through: { codes: ['0A000', '42501'], types: /^EZ$/, recorded: [/"DecisionMade".*deny/] },
      },
      {
        name: 'pg_read_file reads a file',
        script: () => [ask(message.functionCall(3826, ['/etc/passwd']))],
        shows: answer(/root:.*:0:0:/),
        through: { codes: ['0A000', '42501'], types: /^EZ$/ },
      },
      {
        name: 'among ordinary messages',
        script: () => [ready(3, query('select 1'), message.functionCall(957, ['-1']), query('select 2'))],
        shows: change,
        through: { codes: ['0A000', '42501'], types: /^TDCZEZTDCZ$/ },
      },
    ],
  },
  {
    id: 'S30',
    title: 'replication connections',
    stake: 'the whole database is streamed past every policy',
    attacks: ['true', 'database', '1', 'on', 'yes', 'TRUE', 't'].map((value): WireAttack => ({
      name: `replication=${value}`,
      parameters: { replication: value },
      script: () => [ask(query('IDENTIFY_SYSTEM'))],
      shows: answer(/^\d{19}\t\d\t/m),
      through: { codes: ['0A000', '42501'], greeting: /^E$/, ends: true },
    })),
  },
  {
    id: 'S31',
    title: 'settings at the start of a connection',
    stake: 'another identity, or another meaning of every name, before the first statement',
    attacks: [
      ...[
        ['-c standard_conforming_strings=off', 'standard_conforming_strings', 'off'],
        ['-c search_path=evil', 'search_path', 'evil'],
        ['-c role=pg_monitor', 'role', 'pg_monitor'],
        ['-crole=pg_monitor', 'role', 'pg_monitor'],
        ['--role=pg_monitor', 'role', 'pg_monitor'],
        ['--search-path=evil', 'search_path', 'evil'],
        ['-c DateStyle=ISO -c ROLE=pg_monitor', 'role', 'pg_monitor'],
        ['-c session_replication_role=replica', 'session_replication_role', 'replica'],
        ['-c log_statement=none -c log_min_messages=panic', 'log_min_messages', 'panic'],
        ['-c client_encoding=SJIS', 'client_encoding', 'SJIS'],
        ['-f s', 'enable_seqscan', 'off'],
        ['-d 5', 'log_min_messages', 'debug5'],
      ].map(([options = '', name = '', value = '']): WireAttack =>
        setting(`options ${options}`, { options }, name, value),
      ),
      ...[
        ['search_path', 'evil'],
        ['role', 'pg_monitor'],
        ['Role', 'pg_monitor'],
        ['standard_conforming_strings', 'off'],
        ['session_replication_role', 'replica'],
        ['client_encoding', 'SJIS'],
        ['row_security', 'off'],
        ['backslash_quote', 'on'],
        ['my.setting', 'x'],
      ].map(([name = '', value = '']): WireAttack =>
        setting(`${name}=${value}`, { [name]: value }, name, value),
      ),
      {
        name: 'a newer minor version is negotiated down',
        protocol: message.protocol32,
        script: () => [ask(query('select 1'))],
        shows: cannotShow('the server speaks it'),
        through: { codes: [], greeting: /^v?R/, types: /^TDCZ$/ },
      },
      {
        name: 'an option of the protocol that nobody knows is named as such',
        parameters: { '_pq_.leak': 'yes' },
        script: () => [ask(query('select 1'))],
        shows: cannotShow('the server does not know it either'),
        through: { codes: [], greeting: /v/, types: /^TDCZ$/ },
      },
      {
        name: 'protocol 2.0',
        protocol: 0x2_0000,
        script: () => [],
        shows: cannotShow('the server does not speak it any more'),
        through: { codes: ['0A000', '08P01'], greeting: /^E$/, ends: true },
      },
      {
        name: 'protocol 4.0',
        protocol: 0x4_0000,
        script: () => [],
        shows: cannotShow('the server does not speak it'),
        through: { codes: ['0A000', '08P01'], greeting: /^E$/, ends: true },
      },
    ],
  },
  {
    id: 'S42',
    title: 'an encoding in which a backslash is half a letter',
    stake: destroys,
    attacks: [
      ...(
        [
          ['SJIS', 0x95],
          ['GBK', 0x95],
          ['GBK', 0xbf],
          ['GB18030', 0x95],
          ['GB18030', 0xbf],
          ['BIG5', 0xa4],
        ] as const
      ).flatMap(([encoding, lead]): readonly WireAttack[] => [
        {
          name: `${encoding} from the start, lead byte ${lead.toString(16)}`,
          parameters: { client_encoding: encoding },
          script: () => [ask(query(smuggled(lead)))],
          shows: change,
          through: { codes: ['42501', '22023'], greeting: /^E$/, ends: true },
        },
        {
          name: `${encoding} by SET NAMES, lead byte ${lead.toString(16)}`,
          script: (mark) => [ask(query(`/* ${mark} */ set names '${encoding}'`)), ask(query(smuggled(lead)))],
          shows: change,
          through: { codes: ['42501', '22021'], types: /^EZEZ$/ },
        },
      ]),
      ...[
        'set client_encoding to SJIS',
        "select set_config('client_encoding', 'GBK', false)",
        'set "CLIENT_ENCODING" = big5',
      ].map((sql): WireAttack => ({
        name: sql,
        script: (mark) => [
          ask(query(`/* ${mark} */ ${sql}`)),
          ask(parse('', smuggled(0xbf)), bind(), execute(), sync),
        ],
        shows: answer(/client_encoding=/),
        through: { codes: ['42501', '22021'], types: /^EZEZ$/ },
      })),
      ...['UTF8', 'utf-8', 'UNICODE'].map((encoding): WireAttack => ({
        name: `${encoding} is the one that is spoken`,
        parameters: { client_encoding: encoding },
        script: () => [ask(query("select 'ü'"))],
        shows: cannotShow('an ordinary connection'),
        through: { codes: [], types: /^TDCZ$/ },
      })),
    ],
  },
  {
    id: 'S43',
    title: 'bytes that are no UTF-8',
    stake: confuses,
    attacks: (
      [
        ['a lone byte', [0xbf]],
        ['an overlong quote', [0xc0, 0xa7]],
        ['a surrogate', [0xed, 0xa0, 0x80]],
        ['a letter beyond Unicode', [0xf4, 0x90, 0x80, 0x80]],
        ['a letter that is cut', [0xe2, 0x82]],
      ] as const
    ).flatMap(([name, bytes]): readonly WireAttack[] => {
      const text = (mark: string): Buffer => joined(`select '${mark}`, bytes, "'")
      return [
        {
          name: `${name} in a Query`,
          script: (mark) => [ask(query(text(mark)))],
          shows: serverRefuses,
          through: { codes: ['22021'], types: /^EZ$/ },
        },
        {
          name: `${name} in a Parse`,
          script: (mark) => [ask(parse('', text(mark)), bind(), execute(), sync)],
          shows: serverRefuses,
          through: { codes: ['22021'], types: /^EZ$/ },
        },
        {
          name: `${name} in a parameter`,
          script: (mark) => [
            ask(parse('', 'select $1::text'), bind({ values: [joined(mark, bytes, '')] }), execute(), sync),
          ],
          shows: serverRefuses,
          through: { codes: ['22021'], types: /^1?2?EZ$/ },
        },
        {
          name: `${name} in the name of a statement`,
          script: (mark) => [ask(parse(joined(mark, bytes, ''), 'select 1'), sync)],
          shows: cannotShow('the server takes it as a name like any other'),
          through: { codes: ['22021', '08P01'] },
        },
      ]
    }),
  },
  {
    id: 'S44',
    title: 'NUL, and bytes behind the end',
    stake: confuses,
    attacks: (
      [
        ['NUL inside a Query', (mark) => query(`select 1\0; drop table orders /* ${mark} */`)],
        ['NUL at the end of a Query, and more behind it', (mark) => query(`select 1\0${mark}`)],
        ['a Query without its NUL', (mark) => frame('Q', `select '${mark}'`)],
        [
          'NUL inside the name of a statement',
          (mark) => Buffer.concat([parse(`a\0${mark}`, 'select 1'), sync]),
        ],
        [
          'NUL inside a Parse',
          (mark) => Buffer.concat([parse('', `select 1\0; drop table orders /* ${mark} */`), sync]),
        ],
        ['bytes behind a Parse', (mark) => Buffer.concat([frame('P', `\0select 1\0\0\0${mark}`), sync])],
        [
          'bytes behind a Bind',
          (mark) => Buffer.concat([parse('', 'select 1'), frame('B', '\0\0\0\0\0\0\0\0', mark), sync]),
        ],
        [
          'bytes behind an Execute',
          (mark) => Buffer.concat([parse('', 'select 1'), bind(), frame('E', '\0\0\0\0\0', mark), sync]),
        ],
        ['a Sync with a body', (mark) => frame('S', mark)],
        ['a Describe of something else', (mark) => Buffer.concat([frame('D', 'X', mark, '\0'), sync])],
        ['a Close of something else', (mark) => Buffer.concat([frame('C', 'X', mark, '\0'), sync])],
        [
          'more types than are given',
          (mark) => Buffer.concat([frame('P', `\0select '${mark}'\0\0\x09`), sync]),
        ],
        [
          'a parameter with a length below -1',
          (mark) =>
            Buffer.concat([
              parse('', 'select $1::text'),
              frame('B', '\0\0\0\0', message.int16(1), message.int32(-2), mark, message.int16(0)),
              sync,
            ]),
        ],
      ] as readonly (readonly [string, (mark: string) => Buffer])[]
    ).map(([name, bytes]): WireAttack => ({
      name,
      script: (mark) => [{ send: bytes(mark), until: { kind: 'types', pattern: /E/ } }],
      shows: serverRefuses,
      through: { codes: ['08P01', '22021', '42601'] },
    })),
  },
  {
    id: 'S46',
    title: 'lengths that lie, and letters that do not exist',
    stake: confuses,
    attacks: [
      ...(
        [
          ['shorter than itself', (mark) => frameOf('Q', 3, mark)],
          ['zero', (mark) => frameOf('Q', 0, mark)],
          ['negative', (mark) => frameOf('Q', -1, mark)],
          ['the smallest number', (mark) => frameOf('Q', -(2 ** 31), mark)],
          ['the largest number', (mark) => frameOf('Q', 2 ** 31 - 1, mark)],
          ['a gigabyte', (mark) => frameOf('P', 2 ** 30, mark)],
          ['an unknown letter', (mark) => frame('!', mark)],
          ['a letter of the server', (mark) => frame('T', mark)],
          ['a password after the login', (mark) => frame('p', mark)],
        ] as readonly (readonly [string, (mark: string) => Buffer])[]
      ).map(([name, bytes]): WireAttack => ({
        name,
        script: (mark) => [end(bytes(mark))],
        shows: cannotShow('the server ends the connection'),
        through: { codes: ['08P01', '54000'], ends: true },
      })),
      {
        name: 'a length that covers the next message',
        script: (mark) => {
          const next = query(denied(mark))
          return [types(/E/, frameOf('Q', 4 + 9 + next.length, 'select 1\0'), next)]
        },
        shows: serverRefuses,
        through: { codes: ['08P01'] },
      },
      {
        name: 'a length that ends before the message does',
        script: (mark) => [types(/E/, frameOf('Q', 4 + 9, 'select 1\0'), Buffer.from(`${denied(mark)}\0`))],
        shows: serverRefuses,
        through: { codes: ['08P01'] },
      },
    ],
  },
]

/** Parse, Bind and Execute of one statement, without a Sync. */
function step(sql: string): Buffer {
  return Buffer.concat([parse('', sql), bind(), execute()])
}

/** A string that the lead byte keeps open for its reader in UTF-8, and closes in the other encoding. */
function smuggled(lead: number): Buffer {
  return joined("select E'", [lead], "\\'; drop table orders; --'")
}

function joined(before: string, bytes: readonly number[], behind: string): Buffer {
  return Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(behind)])
}

function frameOf(type: string, length: number, body: string): Buffer {
  return Buffer.concat([Buffer.from(type), message.int32(length), Buffer.from(body)])
}

function setting(
  name: string,
  parameters: Readonly<Record<string, string>>,
  shownName: string,
  value: string,
): WireAttack {
  return {
    name,
    parameters,
    script: () => [ask(query(`select current_setting('${shownName.toLowerCase()}')`))],
    shows: answer(new RegExp(`^${value}$`, 'm')),
    through: { codes: ['42501'], greeting: /^E$/, ends: true },
  }
}
