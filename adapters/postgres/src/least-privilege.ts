/** A role for one target. */
export interface RoleTerms {
  readonly role: string
  readonly database: string
  readonly schemas: readonly string[]
  readonly access: 'read' | 'write'
}

/**
 * SQL that creates a role with what a target needs and no more: to connect, and to read (or change) the rows of the schemas' tables,
 * later ones of whoever runs it included. It has no password yet: one in a script ends up in histories and logs. Pure.
 */
export function roleSql({ role, database, schemas, access }: RoleTerms): string {
  const [name, of] = [quoted(role), quoted(database)]
  const rights = access === 'read' ? 'SELECT' : 'SELECT, INSERT, UPDATE, DELETE'
  return [
    `-- In the database ${printed(database)}, as the owner of its schemas or a superuser. Then, in psql: \\password ${printed(role)}`,
    'BEGIN;',
    `CREATE ROLE ${name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT;`,
    `GRANT CONNECT ON DATABASE ${of} TO ${name};`,
    ...schemas.flatMap((schema) => schemaSql(quoted(schema), name, rights, access)),
    ...(access === 'read'
      ? [
          '-- No right, but a second lock: what it does is read only unless it asks for more.',
          `ALTER ROLE ${name} SET default_transaction_read_only = on;`,
        ]
      : []),
    '-- What PUBLIC may, this role may too. Whoever else needs these must be granted them.',
    `REVOKE TEMPORARY ON DATABASE ${of} FROM PUBLIC;`,
    ...schemas.map((schema) => `REVOKE CREATE ON SCHEMA ${quoted(schema)} FROM PUBLIC;`),
    'COMMIT;',
    '',
  ].join('\n')
}

function schemaSql(
  schema: string,
  role: string,
  rights: string,
  access: RoleTerms['access'],
): readonly string[] {
  const all = [
    `GRANT USAGE ON SCHEMA ${schema} TO ${role};`,
    `GRANT ${rights} ON ALL TABLES IN SCHEMA ${schema} TO ${role};`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT ${rights} ON TABLES TO ${role};`,
  ]
  if (access === 'read') return all
  // For columns that take their next value from a sequence. UPDATE would allow setval.
  return [
    ...all,
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role};`,
    `ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT USAGE ON SEQUENCES TO ${role};`,
  ]
}

function quoted(name: string): string {
  if (name === '' || name.includes('\0'))
    throw new RangeError('a name has at least one character, and no zero byte')
  return `"${name.replaceAll('"', '""')}"`
}

/** In a comment, which ends with its line. */
function printed(name: string): string {
  return quoted(name).replaceAll(/[\p{Cc}\u2028\u2029]/gu, ' ')
}
