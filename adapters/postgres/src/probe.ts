import { TLSSocket } from 'node:tls'
import { Refused, unreached, type Finding, type Reach } from '@sluice/core'
import { catalogueQueries, loadCatalogue } from './catalogue.ts'
import { estimatesQuery } from './estimates.ts'
import { inquire, type Ask } from './inquiry.ts'
import type { LoggedIn } from './login.ts'
import type { PostgresSettings } from './target.ts'

/** What the role may do that no application needs: each is one more way around the gateway's rules, or the server's own. */
const dangers = {
  rolsuper: 'is a superuser, for whom the server checks nothing',
  rolbypassrls: 'passes by row security (BYPASSRLS)',
  rolcreaterole: 'may create and change roles (CREATEROLE)',
  rolcreatedb: 'may create databases (CREATEDB)',
  rolreplication: 'may copy the whole server (REPLICATION)',
} as const
const attributesQuery =
  `select ${Object.keys(dangers).join(', ')}, rolname from pg_catalog.pg_roles ` +
  `where rolname operator(pg_catalog.=) current_user`
/** Of what every server has from its start on. */
const membershipsQuery =
  `select rolname from pg_catalog.pg_roles where rolname operator(pg_catalog.~) '^pg_(read_server_files|write_server_files|` +
  `execute_server_program|read_all_data|write_all_data|signal_backend|maintain|monitor|read_all_settings)$' ` +
  `and pg_catalog.pg_has_role(current_user, oid, 'member') order by rolname`
const ownedQuery =
  `select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace ` +
  `where c.relowner operator(pg_catalog.=) (select oid from pg_catalog.pg_roles where rolname operator(pg_catalog.=) current_user) ` +
  `and n.nspname operator(pg_catalog.!~) '^pg_' limit 1`
const schemasQuery =
  `select nspname, pg_catalog.has_schema_privilege(oid, 'usage'), pg_catalog.has_schema_privilege(oid, 'create') ` +
  `from pg_catalog.pg_namespace`

const texts: ReadonlySet<string> = new Set([
  attributesQuery,
  membershipsQuery,
  ownedQuery,
  schemasQuery,
  ...Object.values(catalogueQueries),
  estimatesQuery,
])

/** Logs in as a session would, reads what the gateway itself reads, and looks at what else the role may do. Never rejects. */
export async function probe(reach: Reach<PostgresSettings>): Promise<readonly Finding[]> {
  const { settings } = reach.target
  try {
    return await inquire(reach, 'sluice probe', texts, async (ask, login) => [
      loggedIn(login, settings),
      ...encrypted(login, settings),
      ...(await schemas(ask, settings)),
      await catalogue(ask),
      ...(await rights(ask)),
    ])
  } catch (error) {
    return [refused(error)]
  }
}

function loggedIn({ parameters }: LoggedIn, { database }: PostgresSettings): Finding {
  const version = parameters.get('server_version') ?? 'of an unknown version'
  return { state: 'good', about: 'login', detail: `PostgreSQL ${version}, database ${database}` }
}

function encrypted({ socket }: LoggedIn, { tls }: PostgresSettings): readonly Finding[] {
  if (!(socket instanceof TLSSocket))
    return [
      {
        state: 'advice',
        about: 'TLS',
        detail: `Nothing is encrypted (tls: ${tls}): whoever is in between reads and changes it.`,
        remedy:
          'Give the server a certificate, and set tls: verify-full (tls_ca for an authority of your own).',
      },
    ]
  const { valid_to: until } = socket.getPeerCertificate()
  return [
    {
      state: 'good',
      about: 'TLS',
      detail: `${socket.getProtocol() ?? 'TLS'}, verified; the certificate ends ${until}`,
    },
  ]
}

async function schemas(ask: Ask, settings: PostgresSettings): Promise<readonly Finding[]> {
  const known = new Map(
    (await ask(schemasQuery)).map(([name = '', usage, create]) => [name, { usage, create }]),
  )
  return settings.schemas.flatMap((name): readonly Finding[] => {
    const found = known.get(name)
    const about = `schema ${name}`
    if (found === undefined)
      return [
        {
          state: 'bad',
          about,
          detail: 'There is none of that name.',
          remedy: 'Correct schemas of the target.',
        },
      ]
    if (found.usage !== 't')
      return [
        {
          state: 'bad',
          about,
          detail: 'The role may not use it.',
          remedy: `As its owner: GRANT USAGE ON SCHEMA ${quoted(name)} TO the role, and rights on its tables.`,
        },
      ]
    if (found.create === 't')
      return [
        {
          state: 'advice',
          about,
          detail: 'The role may create objects in it, and what it creates is its own.',
          remedy: `REVOKE CREATE ON SCHEMA ${quoted(name)} FROM the role and from PUBLIC, unless applications change the schema.`,
        },
      ]
    return [{ state: 'good', about, detail: 'can be used' }]
  })
}

async function catalogue(ask: Ask): Promise<Finding> {
  try {
    await loadCatalogue(ask, undefined)
    return { state: 'good', about: 'catalogue', detail: 'what statements are understood by can be read' }
  } catch {
    return {
      state: 'bad',
      about: 'catalogue',
      detail: 'The names of tables, columns and functions cannot be read.',
      remedy:
        'The role needs to read pg_catalog, as every role may unless that was taken away: grant it SELECT there.',
    }
  }
}

async function rights(ask: Ask): Promise<readonly Finding[]> {
  const [attributes = []] = await ask(attributesQuery)
  const has = Object.values(dangers).filter((_danger, at) => attributes[at] === 't')
  // A superuser is a member of everything and owner enough.
  const isSuperuser = attributes[0] === 't'
  const memberships = isSuperuser
    ? []
    : (await ask(membershipsQuery)).map(([name = '']) => `is a member of ${name}`)
  const owned = (await ask(ownedQuery)).map(([schema = '']) => `owns objects in ${schema}, and may drop them`)
  const found = [...has, ...memberships, ...owned]
  const about = `role ${attributes.at(-1) ?? ''}`
  if (found.length === 0) return [{ state: 'good', about, detail: 'has no right beyond those on the data' }]
  return [
    {
      state: 'advice',
      about,
      detail: `It ${found.join('; it ')}.`,
      remedy:
        'Let the target log in as a role of its own: sluice targets role prints the SQL that makes one.',
    },
  ]
}

function quoted(name: string): string {
  return `"${name}"`
}

/** Statuses of a refused login, beside those of the connection. */
const statuses: readonly (readonly [RegExp, string])[] = [
  [/SQLSTATE 3D000/, 'There is no such database: correct database of the target.'],
  [/SQLSTATE 53300/, 'The server has no connection left: raise max_connections, or limit others.'],
  [/SQLSTATE 57P03/, 'The server is starting or stopping: try again.'],
  [/SQLSTATE 42501/, 'The role may not connect: GRANT CONNECT ON DATABASE to it.'],
  [/does not offer TLS/, 'Switch ssl on at the server, or set tls: disable where nobody can be in between.'],
  [/clear text without TLS/, 'Set tls: verify-full, or let the server use scram-sha-256 in pg_hba.conf.'],
  [/authentication method/, 'Let pg_hba.conf of the server ask for scram-sha-256.'],
  [/does not answer/, 'A firewall or a missing route is in between, or another program listens there.'],
  [/does not keep/, 'Do not override that setting for the role or the database (ALTER ROLE … RESET).'],
  [
    /was not understood|closed the connection/,
    'Another program than PostgreSQL may listen there, or pg_hba.conf has no line for this gateway.',
  ],
]

function refused(error: unknown): Finding {
  if (!(error instanceof Refused)) return unreached(error)
  const { message } = error.refusal
  if (message.includes('does not accept this gateway'))
    return {
      state: 'bad',
      about: 'login',
      detail: 'The server does not accept the user or its password.',
      remedy:
        'Compare the secret with the role’s password, its VALID UNTIL, and the lines of pg_hba.conf for it.',
    }
  const known = statuses.find(([pattern]) => pattern.test(message))
  const found = unreached(error)
  return known === undefined || found.about === 'TLS'
    ? found
    : { state: 'bad', about: 'login', detail: message, remedy: known[1] }
}
