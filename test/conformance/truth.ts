import type { Action } from '@sluice/core'
import type { Standing } from './direct.ts'
import type { Transcript } from '../src/index.ts'

/**
 * What the normaliser says of a statement against what the server did with it: its command tag, the tables that the
 * columns of its answer come from, and whether it runs where nothing may be written.
 */

/** Command tags of each action. EXECUTE and FETCH are judged as what they run. */
/** A query may write in several ways: its name is that of one of them, its tag that of its last part. */
const writes = /^(INSERT|UPDATE|DELETE|MERGE|SELECT|COPY|EXPLAIN)/
const tags: Readonly<Record<string, RegExp>> = {
  'sql.select': /^(SELECT|EXPLAIN)/,
  'sql.insert': writes,
  'sql.update': writes,
  'sql.delete': writes,
  'sql.merge': writes,
  'sql.truncate': /^TRUNCATE TABLE$/,
  'sql.copy_in': /^COPY /,
  'sql.copy_out': /^COPY /,
  'sql.ddl': /^(CREATE|ALTER|DROP|COMMENT|GRANT|REVOKE|REASSIGN|SELECT|SECURITY|IMPORT|REFRESH|EXPLAIN)/,
  'sql.explain': /^EXPLAIN$/,
  'sql.cursor': /^(DECLARE CURSOR|FETCH|MOVE|CLOSE CURSOR)/,
  'sql.prepare': /^PREPARE$/,
  'sql.deallocate': /^(DEALLOCATE|DISCARD|UNLISTEN)/,
  'sql.transaction': /^(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PREPARE TRANSACTION|SET)/,
  'sql.set': /^(SET|RESET|SELECT)/,
  'sql.show': /^SHOW$/,
  'sql.lock': /^LOCK TABLE$/,
  'sql.maintenance': /^(VACUUM|ANALYZE|CLUSTER|REINDEX|CHECKPOINT)/,
  'sql.notify': /^(NOTIFY$|SELECT)/,
  'sql.listen': /^LISTEN$/,
  'sql.call': /^CALL$/,
}

/** Does the gateway vouch for all of it that nothing is written? */
export function claimsReadOnly(actions: readonly Action[]): boolean {
  return actions.length > 0 && actions.every((action) => action.read_only)
}

/** It decides itself what its transactions may do. */
export function undoesReadOnly(statement: string): boolean {
  return /read_only|read\s+(only|write)|transaction\s+characteristics/i.test(statement)
}

export async function misreadings(
  actions: readonly Action[],
  answer: Transcript,
  origins: Pick<Origins, 'nameOf'>,
): Promise<readonly string[]> {
  return [...tagged(actions, answer.tags), ...(await unnamed(actions, answer, origins))]
}

function tagged(actions: readonly Action[], found: readonly string[]): readonly string[] {
  return found.flatMap((tag, index) => {
    const name = actions[index]?.name ?? 'nothing'
    return tags[name]?.test(tag) === true
      ? []
      : [`${name}, but the server did ${tag.replaceAll(/\d+/g, 'n')}`]
  })
}

interface Named {
  readonly schema: string
  readonly name: string
}

async function unnamed(
  actions: readonly Action[],
  { columns }: Transcript,
  origins: Pick<Origins, 'nameOf'>,
): Promise<readonly string[]> {
  const tables = [...new Set(columns.map(({ table }) => table).filter((table) => table !== 0))]
  const known = new Set(
    actions
      .flatMap((action) => action['relations'] as unknown as readonly Named[])
      .map(({ schema, name }) => `${schema}.${name}`),
  )
  const found: string[] = []
  for (const table of tables) {
    const name = await origins.nameOf(table, known)
    if (name !== null && !known.has(name)) found.push(`columns of ${name}, which it does not name`)
  }
  return found
}

/** Names of tables by their ids, as a server has them. */
export class Origins {
  readonly #names = new Map<number, string>()
  readonly #server: Standing

  constructor(server: Standing) {
    this.#server = server
  }

  /** `null`: nobody else sees it yet. A table may have got another name: one that is not expected is asked for again. */
  async nameOf(table: number, expected: ReadonlySet<string>): Promise<string | null> {
    const known = this.#names.get(table)
    if (known !== undefined && expected.has(known)) return known
    const { rows } = await this.#server.query(
      `SELECT CASE WHEN nspname LIKE 'pg\\_temp\\_%' THEN 'pg_temp' ELSE nspname END || '.' || relname
       FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE pg_class.oid = ${table}`,
    )
    const name = rows[0]?.[0] ?? null
    if (name !== null) this.#names.set(table, name)
    return name
  }

  close(): void {
    this.#server.close()
  }
}
