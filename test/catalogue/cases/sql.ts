import {
  answer,
  cannotShow,
  change,
  each,
  leak,
  masked,
  refused,
  type SqlAttack,
  type SqlCase,
} from '../case.ts'
import type { Login } from '../../src/index.ts'
import { longName, stolenFile } from '../fixture.ts'

/** How SQL is used to do what a policy forbids (catalogue §2.1). Wire-level cases are in `wire.ts`. */

const everybody = ['langchain-reporting', 'bob', 'dave'] as const
/** Ordinary statements that a policy may allow: only the starter policy refuses them. */
const byPolicy = { as: everybody, policies: ['starter'] } as const
/** Statements that the adapter refuses whatever a policy says. */
const closedWorld = { as: everybody } as const

const sees = 'a protected column is read in clear'
const destroys = 'rows or tables are gone'
const server = "the database server's own files, processes or network"

const dbname = (at: Login): string =>
  `host=${at.host} port=${at.port} user=${at.user} password=${at.password} dbname=${at.database}`

const restoring = [
  'alter system reset all',
  'drop role if exists intruder',
  'alter role postgres reset all',
  'drop subscription if exists s',
]

export const sqlCases: readonly SqlCase[] = [
  {
    id: 'S1',
    title: 'a second statement in one message',
    stake: destroys,
    ...byPolicy,
    attacks: each(
      [
        'select 1; drop table orders',
        'insert into orders (customer_id, total) values (1, 1); truncate orders',
        'begin; drop table orders; commit',
        ';;; delete from orders;',
        'select 1; select 2; update orders set total = 0; select 3',
      ],
      { only: 'simple', shows: change },
    ),
  },
  {
    id: 'S2',
    title: 'comments and white space between, before and inside of words',
    stake: destroys,
    ...byPolicy,
    attacks: [
      ...each(
        [
          'DROP/**/TABLE/**/orders',
          '/* /* nested */ select */drop table orders',
          '-- select\ndrop table orders',
          'drop\f\vtable\r\n\torders',
          'DeLeTe/* where id = 1 */from orders -- where id = 1',
          '/* delete */ truncate only orders -- from orders where id = 1',
        ],
        { shows: change },
      ),
      {
        sql: 'DR/**/OP TABLE orders',
        shows: cannotShow(
          'PostgreSQL reads a comment as white space, so these are two words that mean nothing',
        ),
        through: refused('42601'),
      },
    ],
  },
  {
    id: 'S3',
    title: 'names in Unicode escapes',
    stake: destroys,
    as: everybody,
    attacks: [
      ...each(
        [
          'drop table U&"\\006frders"',
          'drop table U&"!006frders" UESCAPE \'!\'',
          'delete from U&"order\\+000073"',
        ],
        { policies: ['starter'], shows: change },
      ),
      ...each(
        [
          'select U&"\\0073sn" from U&"\\0063ustomers" where id = 1',
          'select U&"!0073sn" UESCAPE \'!\' from customers where id = 1',
        ],
        { as: ['langchain-reporting'], shows: leak, through: masked() },
      ),
    ],
  },
  {
    id: 'S4',
    title: 'case, quotes and over-long names',
    stake: sees,
    as: ['langchain-reporting'],
    attacks: [
      ...each(
        [
          'SELECT SSN FROM CUSTOMERS WHERE ID = 1',
          'Select "ssn" From "customers" Where id = 1',
          'select cUsToMeRs.sSn from PUBLIC.CuStOmErS where id = 1',
          'select "public"."customers"."ssn" from "public"."customers" where id = 1',
        ],
        { shows: leak, through: masked() },
      ),
      {
        sql: `select ssn from ${longName}x`,
        policies: ['open'],
        shows: leak,
        through: masked(),
      },
      {
        sql: `select ssn from "${longName}yyyyyyyy"`,
        policies: ['open'],
        shows: leak,
        through: masked(),
      },
      {
        sql: 'select * from "CUSTOMERS"',
        shows: cannotShow('no relation has that name: only unquoted names are folded'),
        through: refused('42P01'),
      },
      {
        sql: 'select * from CUſTOMERS',
        shows: cannotShow('no relation has that name: only ASCII letters are folded'),
        through: refused('42P01'),
      },
    ],
  },
  {
    id: 'S5',
    title: 'a name that leads elsewhere: search_path and temporary tables',
    stake: sees,
    as: ['langchain-reporting'],
    attacks: [
      { sql: 'set search_path = evil', behind: 'select loot from orders', shows: leak },
      { sql: "set local search_path to 'evil'", shows: answer(/^SET$/m) },
      { sql: "select set_config('search_path', 'evil', true)", shows: answer(/^evil$/m) },
      { sql: 'create schema authorization shop_app', shows: change, policies: ['starter'], held: true },
      ...[
        [],
        ['drop table pg_temp.customers'],
        ['drop table customers'],
        ['discard temp'],
        ['discard all'],
        ['alter table pg_temp.customers rename to others'],
      ].map((gone): SqlAttack => ({
        before: ['create temp table customers (id int, ssn text)', ...gone],
        sql: [
          'select reverse(ssn) from public.customers where id = 1',
          'select reverse(ssn) from customers where id = 1',
        ],
        policies: ['open'],
        shows: leak,
      })),
      ...[
        ['begin', 'create temp table customers (id int, ssn text)', 'rollback'],
        ['begin', 'create temp table customers (id int, ssn text) on commit drop', 'commit'],
        ['begin', 'savepoint a', 'create temp table customers (id int, ssn text)', 'rollback to a'],
      ].map((before): SqlAttack => ({
        before,
        sql: 'select reverse(ssn) from customers where id = 1',
        policies: ['open'],
        shows: leak,
      })),
    ],
  },
  {
    id: 'S6',
    title: 'functions, operators and types of another schema',
    stake: 'code that nobody looked at runs',
    ...closedWorld,
    attacks: [
      ...each(
        [
          'select evil.lower(name) from customers where id = 1',
          'select name OPERATOR(evil.||) name from customers where id = 1',
          "select 'x'::evil.tag",
          "select pg_input_is_valid('x', 'evil.tag')",
        ],
        { shows: leak },
      ),
    ],
  },
  {
    id: 'S7',
    title: 'a change inside WITH',
    stake: destroys,
    ...byPolicy,
    attacks: [
      {
        sql: 'with gone as (delete from orders where id > 0 returning id) select count(*) from gone',
        held: true,
        shows: change,
      },
      ...each(
        [
          'with gone as (delete from orders returning *) select * from gone',
          'with changed as (update orders set total = 0 returning *) select count(*) from changed',
          'with gone as (delete from feature_flags returning 1 as one) ' +
            'insert into orders (customer_id, total) select one, 1 from gone',
          'with a as (select 1), b as (delete from orders returning *), c as (select * from b) select count(*) from c',
          'with a as (merge into orders o using customers c on o.customer_id = c.id ' +
            'when matched then delete returning o.id) select count(*) from a',
        ],
        { shows: change },
      ),
    ],
  },
  {
    id: 'S8',
    title: 'a SELECT that makes a table',
    stake: 'data is copied to where no policy looks',
    ...byPolicy,
    attacks: [
      ...each(
        [
          'select * into stolen from orders',
          'select * into table public.stolen from orders where id = 1',
          'create table stolen as select * from orders',
          'create unlogged table stolen as table orders',
          'create table if not exists stolen (a) as values (1), (2)',
          'explain analyze create table stolen as select * from orders',
        ],
        { held: true, shows: change },
      ),
      {
        before: ['prepare p as select * from orders'],
        sql: 'create table stolen as execute p',
        held: true,
        shows: change,
      },
    ],
  },
  {
    id: 'S9',
    title: 'functions that act on other sessions and on the server',
    stake: server,
    ...closedWorld,
    attacks: [
      ...each(
        [
          "select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'bystander'",
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'bystander'",
          'select pg_reload_conf()',
          'select "pg_catalog"."pg_reload_conf"()',
          'select 1 from orders where pg_reload_conf() limit 1',
          'select 1 order by pg_reload_conf()',
          'select case when pg_reload_conf() then 1 end',
          'select * from pg_reload_conf()',
          'select * from rows from (pg_reload_conf()) as r(done)',
          'with a as (select pg_reload_conf() as done) select done from a',
          'insert into orders (customer_id, total) select 1, 1 where pg_reload_conf() and false',
          'select 1 limit (select pg_reload_conf()::int)',
        ],
        { bystander: true, shows: answer(/^(t|1)$|^(SELECT|INSERT) /m) },
      ),
      ...each(
        ['select pg_switch_wal()', 'select pg_current_wal_lsn()', "select pg_create_restore_point('x')"],
        {
          shows: answer(/^[0-9A-F]+\/[0-9A-F]+$/m),
        },
      ),
      ...each(
        [
          'select pg_log_backend_memory_contexts(pg_backend_pid())',
          'select pg_stat_reset()',
          "select pg_logical_emit_message(false, 'a', 'b')",
          'select pg_export_snapshot()',
        ],
        { shows: answer(/^SELECT 1$/m) },
      ),
    ],
  },
  {
    id: 'S10',
    title: 'functions that read and write files',
    stake: server,
    ...closedWorld,
    attacks: [
      ...each(
        [
          "select pg_read_file('/etc/passwd')",
          "select convert_from(pg_read_binary_file('/etc/passwd'), 'UTF8')",
          "select regexp_split_to_table(pg_read_file('/etc/passwd'), '\\n')",
          "select * from pg_read_file('/etc/passwd') as f",
        ],
        { shows: answer(/root:.*:0:0:/) },
      ),
      ...each(["select pg_ls_dir('/')", 'select * from pg_ls_dir($$/$$)'], { shows: answer(/^etc$/m) }),
      { sql: "select size from pg_stat_file('/etc/passwd')", shows: answer(/^\d+$/m) },
      ...each(['select name from pg_ls_waldir()', "select pg_ls_dir('.')"], {
        shows: answer(/^([0-9A-F]{24}|PG_VERSION)$/m),
      }),
      ...each(
        [
          "select lo_import('/etc/passwd')",
          "select lo_from_bytea(0, 'x')",
          'select lo_create(0)',
          'select lo_creat(-1)',
        ],
        { shows: change },
      ),
      {
        sql: ["select lo_from_bytea(4711, 'x')", `select lo_export(4711, '${stolenFile}')`],
        shows: change,
        after: [`copy (select 1) to program 'cat > /dev/null; rm -f ${stolenFile}'`],
      },
    ],
  },
  {
    id: 'S11',
    title: 'connections out of the database',
    stake: server,
    ...closedWorld,
    attacks: [
      {
        sql: (at) => `select * from dblink('${dbname(at)}', 'select ssn from customers') as t(a text)`,
        shows: leak,
      },
      {
        sql: (at) => `select * from public.dblink('${dbname(at)}', 'select ssn from customers') as t(a text)`,
        shows: leak,
      },
      { sql: (at) => `select dblink_exec('${dbname(at)}', 'drop table orders')`, shows: change },
      { sql: (at) => `select dblink_connect('mine', '${dbname(at)}')`, shows: answer(/^OK$/m) },
      { sql: 'select ssn from far_customers', as: ['langchain-reporting'], shows: leak },
      { sql: 'select line from accounts', as: ['langchain-reporting'], shows: answer(/root:.*:0:0:/) },
      {
        sql: "create foreign table shadow (line text) server files options (filename '/etc/shadow')",
        shows: change,
      },
      {
        sql: 'import foreign schema public limit to (customers) from server same into evil',
        shows: change,
      },
    ],
  },
  {
    id: 'S12',
    title: 'functions that take SQL as text',
    stake: sees,
    ...closedWorld,
    attacks: [
      ...each(
        [
          "select query_to_xml('select ssn from customers', true, false, '')",
          "select query_to_xml_and_xmlschema('select ssn from customers', true, false, '')",
          "select table_to_xml('customers', true, false, '')",
          "select table_to_xml_and_xmlschema('public.customers'::regclass, true, false, '')",
          "select schema_to_xml('public', true, false, '')",
          "select database_to_xml(true, false, '')",
          "select * from ts_stat('select to_tsvector(''simple'', ssn || '' '' || email) from customers')",
          "select ts_rewrite('a'::tsquery, 'select ''a''::tsquery, quote_literal(ssn)::tsquery from customers where id = 1')",
          "select * from crosstab('select 1, 1, ssn from customers order by id') as t(a int, b text)",
          "select * from xpath_table('id', '''<a>''||ssn||''</a>''', 'customers', '/a', 'id = 1') as t(id int, a text)",
        ],
        { shows: leak },
      ),
      {
        sql: "select * from connectby('customers', 'ssn', 'name', 'Zebulon Quayle', 0) as t(a text, b text, level int)",
        shows: leak,
      },
      {
        before: ['begin', 'declare c cursor for select id, ssn from customers'],
        sql: "select cursor_to_xml('c', 10, true, false, '')",
        shows: leak,
      },
    ],
  },
  {
    id: 'S13',
    title: 'set_config as SET',
    stake: 'another identity, or another meaning of every name',
    ...closedWorld,
    attacks: [
      ...each(
        [
          "select set_config('role', 'pg_monitor', false)",
          "select pg_catalog.set_config('ROLE', 'pg_monitor', true)",
          "select set_config('ro' || 'le', 'pg_monitor', false)",
          "select set_config(name, 'pg_monitor', false) from (values ('role')) as v(name)",
          "select set_config(case when true then 'role' end, 'pg_monitor', false)",
          "select 1 from orders where set_config('role', 'pg_monitor', false) = 'pg_monitor' limit 1",
        ],
        { shows: answer(/^(pg_monitor|1)$/m) },
      ),
      ...each(
        [
          "select set_config('search_path', 'evil, public', false)",
          "select set_config('session_authorization', 'shop_app', false)",
          "select set_config('standard_conforming_strings', 'off', false)",
          "select set_config('log_statement', 'none', false)",
        ],
        { shows: answer(/^(evil, public|shop_app|off|none)$/m) },
      ),
    ],
  },
  {
    id: 'S14',
    title: 'anonymous code',
    stake: destroys,
    ...closedWorld,
    attacks: each(
      [
        "do $$begin execute 'dr' || 'op table orders'; end$$",
        "do 'begin delete from orders; end'",
        'do language plpgsql $x$ begin truncate orders; end $x$',
        "/* select */ do $$begin perform dblink_exec('', ''); exception when others then delete from orders; end$$",
      ],
      { shows: change },
    ),
  },
  {
    id: 'S15',
    title: 'PREPARE and EXECUTE',
    stake: destroys,
    ...byPolicy,
    attacks: [
      {
        sql: ['prepare p as delete from orders', 'execute p'],
        shows: change,
        through: refused('42501', '26000'),
      },
      {
        before: ['prepare p(bigint) as delete from orders where id = $1'],
        sql: ['execute p(1)', 'explain analyze execute p(1)'],
        held: true,
        shows: change,
      },
      {
        before: ['prepare p as select 1', 'deallocate p', 'prepare p as delete from orders where id = 1'],
        sql: 'execute p',
        held: true,
        shows: change,
      },
      {
        before: ['prepare p as select 1', 'deallocate all'],
        sql: ['prepare p as update orders set total = 0', 'execute p'],
        shows: change,
        through: refused('42501', '26000'),
      },
      {
        before: [
          'begin',
          'prepare p as select 1',
          'rollback',
          'deallocate p',
          'prepare p as delete from orders where id = 2',
        ],
        sql: 'execute p',
        held: true,
        shows: change,
      },
      {
        before: ['prepare p as select 1', 'discard all'],
        sql: 'execute p',
        shows: cannotShow('the server has forgotten the statement, and Sluice must have too'),
        through: refused('26000'),
      },
      {
        before: ['prepare "P" as delete from orders where id = 3', 'prepare p as select 1'],
        sql: 'execute "P"',
        held: true,
        shows: change,
      },
    ],
  },
  {
    id: 'S21',
    title: 'COPY with programs and files',
    stake: server,
    ...closedWorld,
    attacks: [
      ...each(
        [
          `copy (select 1) to program 'cat > ${stolenFile}'`,
          `copy orders to '${stolenFile}'`,
          `copy (select ssn from customers) to '${stolenFile}' (format csv)`,
          "copy orders (id, customer_id, total) from program 'echo 900,1,1' (format csv)",
          `COPY feature_flags FROM PROGRAM $$printf 'owned\\tt\\n'; touch ${stolenFile}$$`,
        ],
        { shows: change, after: [`copy (select 1) to program 'cat > /dev/null; rm -f ${stolenFile}'`] },
      ),
      {
        sql: ['create temp table lines (line text)', "copy lines from '/etc/passwd'"],
        shows: answer(/^COPY \d+$/m),
        through: refused('42501', '42P01', 'SL001'),
        policies: ['starter'],
        held: true,
      },
      {
        before: ['create temp table lines (line text)'],
        sql: "copy lines from '/etc/passwd'",
        shows: answer(/^COPY \d+$/m),
        policies: ['open'],
      },
    ],
  },
  {
    id: 'S23',
    title: 'a change inside COPY (query) TO STDOUT',
    stake: destroys,
    ...byPolicy,
    attacks: [
      {
        sql: 'copy (delete from orders where id = 1 returning *) to stdout (format binary)',
        held: true,
        shows: change,
      },
      ...each(
        [
          'copy (delete from orders returning *) to stdout',
          'copy (update orders set total = 0 returning id) to stdout (format csv, header)',
          'copy (with gone as (delete from orders returning *) select id from gone) to stdout',
        ],
        { shows: change },
      ),
    ],
  },
  {
    id: 'S24',
    title: 'EXPLAIN ANALYZE executes',
    stake: destroys,
    ...byPolicy,
    attacks: [
      ...each(
        [
          'explain analyze delete from orders',
          'explain (analyze true) update orders set total = 0',
          'explain (ANALYZE 1, format json) delete from orders',
          'explain (analyze false, analyze on) delete from orders',
          'explain (buffers, analyze) with gone as (delete from orders returning *) select * from gone',
          'explain (verbose, "analyze") delete from orders',
        ],
        { shows: change },
      ),
      { sql: 'explain analyze verbose delete from orders where id = 1', held: true, shows: change },
      {
        sql: 'explain (analyze, generic_plan) delete from orders where id = $1',
        held: true,
        only: 'simple',
        shows: cannotShow('PostgreSQL does not take both options'),
      },
    ],
  },
  {
    id: 'S28',
    title: 'cursors',
    stake: sees,
    as: ['langchain-reporting'],
    attacks: [
      {
        before: ['begin', 'declare c cursor for select id, ssn from customers where id = 1'],
        sql: 'fetch all from c',
        shows: leak,
        through: masked(),
      },
      {
        before: [
          'begin',
          'declare c scroll cursor for select ssn as note from customers',
          'move forward 1 from c',
        ],
        sql: 'fetch prior from c',
        shows: cannotShow('before the first row there is none'),
        through: masked(/FETCH 0/),
      },
      {
        before: [
          'begin',
          'declare c scroll cursor for select ssn as note from customers',
          'move last from c',
        ],
        sql: 'fetch first from c',
        shows: leak,
        through: masked(),
      },
      {
        before: ['declare c cursor with hold for select ssn from customers where id = 1'],
        sql: 'fetch 1 from c',
        shows: leak,
        through: masked(),
      },
      {
        before: [
          'begin',
          'declare c cursor for select 1',
          'close c',
          'declare c cursor for select ssn from customers where id = 1',
        ],
        sql: 'fetch c',
        shows: leak,
        through: masked(),
      },
      {
        before: ['begin', 'declare c binary scroll cursor for select ssn, id from customers where id = 1'],
        sql: ['fetch all from c', 'fetch backward all from c'],
        shows: leak,
        through: masked(),
      },
      {
        before: [
          'begin',
          'declare c cursor for select o.id, x.ssn as total from orders o join customers x on x.id = o.customer_id where x.id = 1',
        ],
        sql: 'fetch 1 from c',
        shows: leak,
        through: masked(),
      },
      {
        before: [
          'begin',
          'declare c cursor for select 1',
          'savepoint s',
          'close c',
          'declare c cursor for select ssn from customers where id = 1',
          'release s',
        ],
        sql: 'fetch c',
        shows: leak,
        through: masked(),
      },
      {
        before: [
          'begin',
          'savepoint s',
          'declare c cursor for select 1 as ssn',
          'rollback to s',
          'declare c cursor for select ssn as name from customers where id = 1',
        ],
        sql: 'fetch c',
        shows: leak,
        through: masked(),
      },
      // Expressions are masked when they are fetched, or refused when the cursor is declared.
      ...[
        'declare c cursor for select reverse(ssn) from customers',
        'declare c cursor for select x from customers x',
      ].flatMap((declaration): readonly SqlAttack[] => [
        {
          before: ['begin', declaration],
          sql: 'fetch all from c',
          policies: ['starter'],
          shows: leak,
          through: masked(/\[masked\]|\bNULL\b/),
        },
        { before: ['begin'], sql: declaration, policies: ['open'], shows: answer(/^DECLARE CURSOR$/m) },
      ]),
      ...each(
        [
          'declare c scroll cursor with hold for select id from customers order by ssn',
          "declare c cursor for select id from customers where ssn like '917%' for update",
        ],
        { before: ['begin'], shows: answer(/^DECLARE CURSOR$/m) },
      ),
      {
        before: ['begin'],
        sql: ['select reader()', 'fetch all from opened_inside'],
        shows: leak,
        through: refused('42501', '25P02', '34000'),
      },
    ],
  },
  {
    id: 'S32',
    title: 'another role',
    stake: 'the rights of somebody else',
    ...closedWorld,
    attacks: [
      ...each(
        [
          'set role pg_monitor',
          'set session role pg_monitor',
          'set local role pg_monitor',
          'set role none',
          'reset role',
          'set session authorization shop_app',
          "set session authorization 'shop_app'",
          'reset session authorization',
          "set session_authorization = 'shop_app'",
        ],
        { shows: answer(/^(SET|RESET)$/m) },
      ),
    ],
  },
  {
    id: 'S34',
    title: 'the server, its code and its neighbours',
    stake: server,
    ...closedWorld,
    attacks: [
      ...each(
        [
          'create language mine handler plpgsql_call_handler inline plpgsql_inline_handler',
          "create server more foreign data wrapper postgres_fdw options (host '169.254.169.254')",
          "create user mapping for shop_app server same options (user 'postgres', password 'x')",
          "create subscription s connection 'host=169.254.169.254' publication p with (connect = false, slot_name = none)",
          'create publication everything for all tables',
          "create function f() returns int language sql as 'delete from orders returning 1'",
          'create role intruder superuser login',
          "alter role postgres set search_path = 'evil'",
        ],
        { shows: change, after: restoring },
      ),
      { sql: "alter system set work_mem = '5MB'", alone: true, shows: change, after: restoring },
      {
        sql: ["load 'auto_explain'", 'show auto_explain.log_min_duration'],
        shows: answer(/^-1$/m),
        through: refused('42501', '42704'),
      },
      {
        sql: 'create extension pageinspect',
        policies: ['starter'],
        shows: change,
      },
    ],
  },
  {
    id: 'S40',
    title: 'what the parser cannot vouch for',
    stake: 'a statement that was never analysed runs',
    as: ['langchain-reporting'],
    attacks: [
      ...each(
        [
          'selec 1',
          "select 'unterminated",
          'select 1 /* unterminated',
          'select $$unterminated',
          'drop table orders)',
          'select 1 from',
          'delete from orders; selec',
        ],
        {
          only: 'simple',
          shows: cannotShow('the server does not parse it either'),
          through: refused('42601'),
        },
      ),
      {
        sql: `select '${'x'.repeat(300_000)}', 'wide'`,
        shows: answer(/wide/),
        through: refused('54000', '54001'),
      },
      ...each(
        [
          'create type span as range (subtype = float8, subtype_diff = float8mi)',
          'create function summed () returns int language sql as $$select 1$$',
          'create aggregate summed (int) (sfunc = int4pl, stype = int)',
          'create cast (text as int) with inout',
          'create operator class mine for type int using btree as operator 1 <',
          'create policy p on orders using (true)',
          'create rule r as on insert to orders do also delete from feature_flags',
          'alter database postgres set work_mem = 64',
          'create access method mine type index handler bthandler',
          'alter type public.hstore owner to shop_app',
        ],
        { shows: change, after: ['alter database postgres reset all'] },
      ),
      ...each(
        [
          "security label for 'none' on table orders is 'x'",
          'drop owned by shop_app',
          'reassign owned by shop_app to postgres',
        ],
        { shows: cannotShow('the server of this suite has nothing that it would change') },
      ),
    ],
  },
  {
    id: 'S41',
    title: 'settings that change what a text means',
    stake: destroys,
    ...closedWorld,
    attacks: [
      ...[
        'set standard_conforming_strings = off',
        "set session standard_conforming_strings to 'off'",
        'set "standard_conforming_strings" = false',
        'set STANDARD_CONFORMING_STRINGS to 0',
        "select set_config('standard_conforming_strings', 'off', false)",
        "update pg_settings set setting = 'off' where name = 'standard_conforming_strings'",
      ].map((sql): SqlAttack => ({ sql, shows: answer(/standard_conforming_strings=off/) })),
      {
        sql: 'set standard_conforming_strings = off',
        behind: "select 'a\\''; drop table orders; --'",
        only: 'simple',
        shows: change,
      },
      {
        before: ['begin'],
        sql: 'set local standard_conforming_strings = off',
        shows: answer(/standard_conforming_strings=off/),
      },
      ...each(
        [
          'set backslash_quote = on',
          'set transform_null_equals = on',
          'set escape_string_warning = off',
          'set array_nulls = off',
          'set quote_all_identifiers = on',
          "set search_path = 'evil', public",
          'set search_path to evil',
          'set role pg_monitor',
          'set session authorization shop_app',
          'set log_statement = none',
          'set session_replication_role = replica',
          'set row_security = off',
          'set default_tablespace = pg_default',
          'set check_function_bodies = off',
        ],
        { shows: answer(/^SET$/m) },
      ),
      ...each(
        [
          'alter role postgres set standard_conforming_strings = off',
          'alter database postgres set standard_conforming_strings = off',
          'alter system set standard_conforming_strings = off',
        ],
        {
          alone: true,
          shows: change,
          after: [
            'alter role postgres reset all',
            'alter database postgres reset all',
            'alter system reset all',
          ],
        },
      ),
    ],
  },
]
