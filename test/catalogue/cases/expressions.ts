import type { SqlAttack, SqlCase } from '../case.ts'

/**
 * Expressions with protected columns that tell nothing but by their value. The starter policy masks what they give; the
 * open one says nothing of expressions, so they are refused there, as every other one is under both.
 */
const expressions: ReadonlySet<string> = new Set([
  'select ssn::varchar from customers where id = 1',
  'select ssn::text from customers where id = 1',
  'select cast(ssn as char(11)) from customers where id = 1',
  'select ssn::name from customers where id = 1',
  'select ssn collate "C" from customers where id = 1',
  'select coalesce(ssn, $$$$) from customers where id = 1',
  'select case when true then ssn end from customers where id = 1',
  "select case ssn when '' then '' else ssn end from customers where id = 1",
  'select max(ssn) from customers where id = 1',
  'select min(ssn) over () from customers where id = 1',
  'select (array_agg(ssn))[1] from customers where id = 1',
  'select any_value(ssn) from customers where id = 1',
  'select first_value(ssn) over (order by 1) from customers where id = 1',
  'select (array[ssn])[1] from customers where id = 1',
  'select array[ssn] from customers where id = 1',
  'select mode() within group (order by ssn) from customers where id = 1',
  'select lag(ssn, 0) over () from customers where id = 1',
  'select (select ssn from customers where id = 1)',
  'select array(select ssn from customers where id = 1)',
  'values ((select ssn from customers where id = 1))',
  'select v.a from (values ((select ssn from customers where id = 1))) v(a)',
  'select substr(ssn, 1, 3) from customers where id = 1',
  'select substring(ssn from 1 for 6) from customers where id = 1',
  'select left(ssn, 5) from customers where id = 1',
  'select right(ssn, 8) from customers where id = 1',
  'select length(ssn) from customers where id = 1',
  'select reverse(ssn) from customers where id = 1',
  'select md5(ssn) from customers where id = 1',
  'select ascii(ssn) from customers where id = 1',
  'select upper(ssn) from customers where id = 1',
  'select initcap(ssn) from customers where id = 1',
  "select ssn || '' from customers where id = 1",
  "select concat(ssn, '!') from customers where id = 1",
  "select concat_ws('|', ssn) from customers where id = 1",
  'select to_json(ssn) from customers where id = 1',
  'select to_jsonb(ssn) from customers where id = 1',
  "select json_build_object('a', ssn) from customers where id = 1",
  'select jsonb_build_array(ssn) ->> 0 from customers where id = 1',
  'select row_to_json(c) from customers c',
  'select to_jsonb(c) from customers c',
  'select to_json(c.*) from customers c',
  'select json_agg(c) from customers c',
  'select jsonb_agg(c.*) from customers c',
  'select array_agg(c) from customers c',
  "select string_agg(ssn, ',') from customers",
  'select json_object_agg(id, ssn) from customers',
  'select json_build_object($$r$$, c) from customers c',
  'select (select row_to_json(s) from (select ssn from customers where id = 1) s)',
  'select row_to_json(s) from (select name, ssn from customers) s',
  'select customers from customers',
  'select c from customers c',
  'select (c) from customers c',
  'select u from (select * from customers) u',
  'with w as (select * from customers) select w from w',
  'select row(ssn) from customers',
  'select (ssn, name) from customers',
  'select row(c.*) from customers c',
  'select array[c] from customers c',
  'select case when true then c end from customers c',
  'select (array_agg(c))[1] from customers c',
  'select l from customers c, lateral (select c.ssn) l',
  'values ((select c from customers c where id = 1))',
  'select (select c from customers c where id = 1)',
  'update customers set name = name where id = 1 returning customers',
  'select name from customers union all select ssn from customers',
  "select 'x' as a union all select ssn from customers",
  'select a from (select name as a from customers union all select ssn from customers) s',
  'with recursive r(a, n) as (select ssn, 1 from customers where id = 1 union all select a, n + 1 from r where n < 2) select a from r',
  '(select ssn from customers limit 1) union all (select email from customers)',
  'select g from customers c, generate_series(1, 1), lateral (select c.ssn || $$$$ as g) s',
  'select count(distinct ssn) from customers',
  'select count(ssn collate "C") from customers',
  'copy (select reverse(ssn) from customers) to stdout',
  "copy (select ssn || '' from customers) to stdout (format binary)",
  'copy (select c from customers c) to stdout',
  'copy (select ssn from customers union all select name from customers) to stdout csv',
  'update customers set name = name where id = 1 returning reverse(ssn)',
  "update customers set name = name where id = 1 returning ssn || ''",
  'with u as (update customers set name = name where id = 1 returning ssn) select reverse(ssn) from u',
  'update orders o set total = total from customers c where c.id = 1 and o.id = 1 returning c.ssn || $$$$',
])

/** The cases with what becomes of their expressions. Throws for one that no case tries. */
export function withExpressions(cases: readonly SqlCase[]): readonly SqlCase[] {
  const tried = new Set<string>()
  const treated = (attack: SqlAttack): SqlAttack => {
    if (typeof attack.sql !== 'string' || !expressions.has(attack.sql)) return attack
    tried.add(attack.sql)
    return { ...attack, through: { kind: 'expression' } }
  }
  const found = cases.map((each) => ({ ...each, attacks: each.attacks.map(treated) }))
  const untried = [...expressions].filter((sql) => !tried.has(sql))
  if (untried.length > 0) throw new Error(`no case tries ${untried.join(' and ')}`)
  return found
}
