import { computedValues } from './computed-values.ts'

/**
 * Random statements over `people` (whose `ssn` and `card` are protected) and `visits`. Every column is text, so that
 * most of what comes out is valid; the rest is the server's to refuse. The same seed makes the same statements.
 */
export class QueryGenerator {
  #state: number
  #names = 0

  constructor(seed: number) {
    this.#state = seed
  }

  /** Mostly a query, now and then a change that returns rows. */
  statement(): string {
    const around = { depth: 3, outer: [], ctes: [] }
    if (this.#chance(0.75)) return this.#query(around).sql
    const change = this.#change({ ...around, depth: 1 })
    if (this.#chance(0.7)) return change.sql
    const name = this.#name('w')
    const outer = this.#query({ ...around, depth: 1, ctes: [{ name, columns: change.columns }] })
    return `with ${name} as (${change.sql}) ${outer.sql}`
  }

  #change(around: Around): Query {
    const name = this.#name('t')
    const [table, columns] = this.#pick(tables)
    const entry = { name, columns }
    const target = { sql: `${table} as ${name}`, entries: [entry], columns: qualified(entry) }
    const other = this.#item({ ...around, depth: 0 }, [])
    const both = {
      sql: '',
      entries: [...target.entries, ...other.entries],
      columns: [...target.columns, ...other.columns],
    }
    const written = this.#pick(columns)
    const condition = this.#condition(both, around)
    const returned = this.#chance(0.2)
      ? this.#pick(['*', `${name}.*`])
      : this.#value(both, { ...around, depth: 0 })
    const returning = ` returning ${returned === '*' || returned.endsWith('.*') ? returned : `${returned} as k`}`
    const single = returning.replaceAll(new RegExp(`\\b${other.entries[0]?.name ?? name}\\b`, 'g'), name)
    const keys = ['k']
    switch (this.#pick(['update', 'insert', 'delete', 'merge'])) {
      case 'update': {
        const set = `${written} = ${this.#value(both, around)}`
        return {
          sql: `update ${target.sql} set ${set} from ${other.sql} where ${condition}${returning}`,
          columns: keys,
        }
      }
      case 'insert': {
        const body = this.#plain({ ...around, depth: 0 }, 1)
        const resolve = this.#pick(['', ' on conflict do nothing', this.#onConflict(name, columns)])
        return {
          sql: `insert into ${target.sql} (${written === 'id' ? 'id' : `id, ${written}`}) select ${written === 'id' ? '' : `'n' || row_number() over (), `}s.* from (${body.sql}) s${resolve}${single}`,
          columns: keys,
        }
      }
      case 'delete':
        return {
          sql: `delete from ${target.sql} using ${other.sql} where ${condition}${returning}`,
          columns: keys,
        }
      default:
        return {
          sql:
            `merge into ${target.sql} using ${other.sql} on ${condition} ` +
            `when matched then update set ${written} = ${this.#value(both, { ...around, depth: 0 })} ` +
            `when not matched then insert (id) values ('n' || ${this.#pick(other.columns)})${returning}`,
          columns: keys,
        }
    }
  }

  #onConflict(name: string, columns: readonly string[]): string {
    const [column, other] = [this.#pick(columns), this.#pick(columns)]
    return ` on conflict (id) do update set ${column} = ${this.#pick([`excluded.${other}`, `${name}.${other}`])}`
  }

  /** A fixed pseudorandom sequence (mulberry32). */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  #chance(probability: number): boolean {
    return this.#random() < probability
  }

  #pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.#random() * from.length)]
    if (picked === undefined) throw new Error('nothing to pick from')
    return picked
  }

  #name(prefix: string): string {
    this.#names += 1
    return `${prefix}${this.#names}`
  }

  #query(around: Around): Query {
    if (around.depth === 0) return this.#plain(around)
    const kind = this.#random()
    if (kind < 0.06) return this.#recursive(around)
    if (kind < 0.15) return this.#with(around)
    if (kind < 0.27) return this.#setOperation(around)
    if (kind < 0.35) return this.#grouped(around)
    return this.#plain(around)
  }

  #with(around: Around): Query {
    const inner = { ...around, depth: around.depth - 1 }
    const name = this.#name('w')
    const body = this.#query(inner)
    const columns = this.#chance(0.3) ? body.columns.map(() => this.#name('k')) : body.columns
    const list = columns === body.columns ? '' : ` (${columns.join(', ')})`
    const outer = this.#query({ ...inner, ctes: [...around.ctes, { name, columns }] })
    const recursive = this.#chance(0.2) ? 'recursive ' : ''
    return { sql: `with ${recursive}${name}${list} as (${body.sql}) ${outer.sql}`, columns: outer.columns }
  }

  /** Columns of the first part come back in other places, with a number that ends it. */
  #recursive(around: Around): Query {
    const inner = { ...around, depth: 0 }
    const name = this.#name('w')
    const first = this.#plain(inner, 2)
    const entry = { name, columns: ['a', 'b', 'n'] }
    const self = { sql: name, entries: [entry], columns: [`${name}.a`, `${name}.b`] }
    const other = this.#item(inner, [])
    const both = { ...other, columns: [...self.columns, ...other.columns] }
    const [a, b] = [this.#value(both, inner), this.#pick([...self.columns, ...other.columns])]
    const where = `${name}.n < 2 and ${this.#pick(['true', this.#condition(both, inner)])}`
    const next = `select ${a}, ${b}, ${name}.n + 1 from ${name}, ${other.sql} where ${where}`
    const outer = this.#query({ ...around, depth: around.depth - 1, ctes: [...around.ctes, entry] })
    const all = this.#pick(['union all', 'union all', 'union'])
    return {
      sql: `with recursive ${name} (a, b, n) as (select s.*, 1 from (${first.sql}) s ${all} ${next}) ${outer.sql}`,
      columns: outer.columns,
    }
  }

  #setOperation(around: Around): Query {
    const inner = { ...around, depth: around.depth - 1 }
    const width = 1 + Math.floor(this.#random() * 2)
    const [left, right] = [this.#plain(inner, width), this.#plain(inner, width)]
    const operator = this.#pick(['union', 'union all', 'intersect', 'except'])
    return { sql: `(${left.sql}) ${operator} (${right.sql})`, columns: left.columns }
  }

  #grouped(around: Around): Query {
    const from = this.#from(around)
    const key = this.#pick(from.columns)
    const value = this.#pick(from.columns)
    const aggregate = this.#pick([
      'count(*)',
      `count(${value})`,
      `max(${value})`,
      `string_agg(${value}, ',' order by ${value})`,
    ])
    const having = this.#chance(0.2) ? ` having max(${value}) > 'b'` : ''
    const by = this.#pick([key, 'k', '1'])
    return {
      sql: `select ${key} as k, ${aggregate}::text as n from ${from.sql} group by ${by}${having} order by 1, 2`,
      columns: ['k', 'n'],
    }
  }

  #plain(around: Around, width?: number): Query {
    const from = this.#from(around)
    const inner = { ...around, depth: Math.max(0, around.depth - 1), outer: from.columns }
    const targets: string[] = []
    const columns: string[] = []
    const count = width ?? 1 + Math.floor(this.#random() * 3)
    while (targets.length < count) {
      if (width === undefined && this.#chance(0.12)) {
        const entry = this.#pick(from.entries)
        targets.push(this.#chance(0.5) ? '*' : `${entry.name}.*`)
        columns.push(...entry.columns.slice(0, 1))
        continue
      }
      const name = this.#chance(0.3) ? this.#pick(['id', 'name', 'ssn', 'card', 'place']) : this.#name('c')
      targets.push(`${this.#value(from, inner)} as ${name}`)
      columns.push(name)
    }
    const distinct = this.#chance(0.06) ? 'distinct ' : ''
    const where = this.#chance(0.35) ? ` where ${this.#condition(from, inner)}` : ''
    const order = this.#chance(0.25) ? ` order by ${this.#pick([...columns, '1', ...from.columns])}` : ''
    const limit = this.#chance(0.1) ? ' limit 3' : ''
    return {
      sql: `select ${distinct}${targets.join(', ')} from ${from.sql}${where}${order}${limit}`,
      columns,
    }
  }

  /** Mostly a plain column: only then is there something to hand on. */
  #value(from: From, around: Around): string {
    const column = this.#pick([...from.columns, ...from.columns, ...around.outer])
    if (this.#chance(0.6)) return column
    const entry = this.#pick(from.entries)
    const other = this.#pick(from.columns)
    const computed = computedValues(column, other, entry.name, this.#pick(entry.columns))
    if (around.depth === 0 || this.#chance(0.7)) return this.#pick(computed)
    const inner = { ...around, depth: around.depth - 1 }
    if (this.#chance(0.5)) return `(${this.#query(inner).sql} limit 1)`
    return this.#chance(0.5) ? `(select ${column})` : `exists (${this.#query(inner).sql})::text`
  }

  #condition(from: From, around: Around): string {
    const [one, other] = [this.#pick(from.columns), this.#pick(from.columns)]
    if (around.depth > 0 && this.#chance(0.2)) {
      const inner = { ...around, depth: around.depth - 1 }
      return this.#chance(0.5)
        ? `${one} in (${this.#plain(inner, 1).sql})`
        : `exists (${this.#plain(inner).sql})`
    }
    return this.#pick([
      `${one} = 'no such value'`,
      `${one} in ('a', 'b')`,
      `(${one} = 'p1' or 'v1' = ${other})`,
      `${one} = ${other}`,
      `${one} like '%1%'`,
      `${one} > 'b'`,
      `${one} is not null`,
      `not ${one} = 'p2'`,
      `${one} between 'a' and 'n'`,
    ])
  }

  #from(around: Around): From {
    const left = this.#item(around, [])
    if (!this.#chance(0.4)) return left
    const right = this.#item(around, left.columns)
    const entries = [...left.entries, ...right.entries]
    const columns = [...left.columns, ...right.columns]
    const [one, other] = [this.#pick(left.columns), this.#pick(right.columns)]
    const joined = this.#pick([
      `${left.sql} join ${right.sql} on ${one} = ${other}`,
      `${left.sql} left join ${right.sql} on ${one} = ${other}`,
      `${left.sql} cross join ${right.sql}`,
      `${left.sql} join ${right.sql} on true`,
      `${left.sql} full join ${right.sql} using (id)`,
      `${left.sql} join ${right.sql} using (id)`,
      `${left.sql} natural join ${right.sql}`,
      `${left.sql}, ${right.sql}`,
      `${left.sql}, ${right.sql}`,
    ])
    if (!this.#chance(0.1)) return { sql: joined, entries, columns }
    const name = this.#name('j')
    const unqualified = columns.map((column) => column.slice(column.indexOf('.') + 1))
    const wrapped = { name, columns: unqualified }
    return { sql: `(${joined}) as ${name}`, entries: [wrapped], columns: qualified(wrapped) }
  }

  #item(around: Around, left: readonly string[]): From {
    const kind = this.#random()
    if (kind < 0.3 && around.depth > 0) return this.#subquery(around, left)
    if (kind < 0.5 && around.ctes.length > 0) {
      const cte = this.#pick(around.ctes)
      const name = this.#name('r')
      const entry = { name, columns: cte.columns }
      return { sql: `${cte.name} as ${name}`, entries: [entry], columns: qualified(entry) }
    }
    const [table, columns] = this.#pick(tables)
    const name = this.#name('t')
    if (!this.#chance(0.15)) {
      const entry = { name, columns }
      return { sql: `${table} ${name}`, entries: [entry], columns: qualified(entry) }
    }
    const entry = { name, columns: [...columns.slice(0, 2).map(() => this.#name('a')), ...columns.slice(2)] }
    return {
      sql: `${table} as ${name} (${entry.columns.slice(0, 2).join(', ')})`,
      entries: [entry],
      columns: qualified(entry),
    }
  }

  #subquery(around: Around, left: readonly string[]): From {
    const lateral = left.length > 0 && this.#chance(0.4)
    const outer = lateral ? [...left, ...around.outer] : around.outer
    const body = this.#query({ depth: around.depth - 1, outer, ctes: around.ctes })
    const entry = { name: this.#name('s'), columns: body.columns }
    return {
      sql: `${lateral ? 'lateral ' : ''}(${body.sql}) ${entry.name}`,
      entries: [entry],
      columns: qualified(entry),
    }
  }
}

const tables: readonly (readonly [name: string, columns: readonly string[]])[] = [
  ['people', ['id', 'name', 'ssn', 'card']],
  ['people', ['id', 'name', 'ssn', 'card']],
  ['visits', ['id', 'person', 'place', 'ssn']],
]

interface Query {
  readonly sql: string
  readonly columns: readonly string[]
}
interface Entry {
  readonly name: string
  readonly columns: readonly string[]
}
interface From {
  readonly sql: string
  readonly entries: readonly Entry[]
  /** As they can be named, mostly with their alias. */
  readonly columns: readonly string[]
}
interface Around {
  readonly depth: number
  /** Columns of the queries around, and of items to the left that LATERAL sees. */
  readonly outer: readonly string[]
  readonly ctes: readonly Entry[]
}

function qualified({ name, columns }: Entry): readonly string[] {
  return columns.map((column) => `${name}.${column}`)
}
