/**
 * Every message that may go upstream without a Permit. They are constant: nothing of a request is in them, except
 * the name in a Close or an added Describe, which only ever names what was judged before. A contract test compares
 * the bytes upstream against this list.
 */

/** A statement that no server can parse: it fails where a refused one stood, and costs nothing. */
export const poisonText = 'sluice refused this statement'

/** Names a statement that never exists, so that a poisoned Parse leaves every other one alone. */
export const poisonName = 'sluice_refused'

function message(type: string, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  const bytes = Buffer.alloc(5 + body.length)
  bytes.write(type, 0, 'latin1')
  bytes.writeInt32BE(4 + body.length, 1)
  body.copy(bytes, 5)
  return bytes
}

const noParameterTypes = Buffer.alloc(2)

/** In the place of a refused Query: the implicit or explicit transaction fails as it would at a refusing server. */
export const poisonQuery: Buffer = message('Q', poisonText, '\0')

/** In the place of any other refused message: the server then skips to the next Sync, as it must. */
export const poisonParse: Buffer = message('P', `${poisonName}\0${poisonText}\0`, noParameterTypes)

/** In the place of a refused Parse of the unnamed statement, which drops the unnamed statement before it. */
export const poisonUnnamedParse: Buffer = message('P', `\0${poisonText}\0`, noParameterTypes)

export const sync: Buffer = message('S')
export const flush: Buffer = message('H')
export const terminate: Buffer = message('X')

/** The caller is gone in the middle of its COPY data. */
export const copyFail: Buffer = message('f', 'the client went away\0')

/** In the place of a Close of a name that was never admitted: closing what does not exist is no error. */
export const closeNothing: { readonly S: Buffer; readonly P: Buffer } = {
  S: message('C', `S${poisonName}\0`),
  P: message('C', `P${poisonName}\0`),
}

/** Of a name that was admitted, without what a client may have written behind the part of it that a server knows. */
export function closeNamed(what: 'S' | 'P', name: string): Buffer {
  return message('C', `${what}${name}\0`)
}

/** A Describe added before an Execute whose answer must be masked. The portal was bound by a judged message. */
export function describePortal(name: string): Buffer {
  return message('D', `P${name}\0`)
}

/** What one session left on a connection of a pool is taken away before the next one has it. */
export const discardAll: Buffer = message('Q', 'DISCARD ALL\0')

/**
 * What a session finds on a connection, as one digest: who it is, every setting with its origin, what roles and databases
 * are given at a login, and whether anything of an earlier session is left. Names are qualified: no schema can lead them astray.
 */
const state =
  `pg_catalog.json_build_array(session_user, current_user, pg_catalog.current_setting('role'), ` +
  `pg_catalog.pg_has_role(session_user, current_user, 'MEMBER'), pg_catalog.pg_my_temp_schema(), (select pg_catalog.json_agg(pg_catalog.json_build_array(s.name, s.setting, ` +
  // A library that was loaded brings settings along, which are as good as none while nobody sets them.
  `s.source, s.reset_val) order by s.name) from pg_catalog.pg_settings s where s.source <> 'default' or s.name !~~ '%.%'), ` +
  `(select pg_catalog.json_agg(pg_catalog.row_to_json(d) order by d.setdatabase, d.setrole) from pg_catalog.pg_db_role_setting d), ` +
  `(select pg_catalog.json_build_array(pg_catalog.row_to_json(r), r.rolvaliduntil < pg_catalog.now()) ` +
  `from pg_catalog.pg_roles r where r.rolname = session_user), ` +
  `pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CONNECT'), ` +
  `(select pg_catalog.count(*) from pg_catalog.pg_prepared_statements), ` +
  `(select pg_catalog.count(*) from pg_catalog.pg_cursors), ` +
  `(select pg_catalog.count(*) from pg_catalog.pg_listening_channels()))`

/** Languages whose interpreters remember what no reset reaches, and triggers that only a login fires. */
const remembers =
  `exists (select from pg_catalog.pg_language l where l.lanname::pg_catalog.text not in ('internal', 'c', 'sql', 'plpgsql')) ` +
  `or exists (select from pg_catalog.pg_event_trigger e where e.evtevent::pg_catalog.text = 'login')`

/** \`random()\` goes on from numbers that an earlier session has seen, or chosen by \`setseed\`: it starts anew. */
const reseed =
  `pg_catalog.setseed(pg_catalog.hashtextextended(pg_catalog.gen_random_uuid()::pg_catalog.text, 0::pg_catalog.int8)` +
  `::pg_catalog.float8 / 9223372036854775808::pg_catalog.float8)`

/** Asked of a new connection of a pool, and before each further session gets it: the first two must be what they were. */
export const connectionState: Buffer = message(
  'Q',
  `select pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(${state}::pg_catalog.text, 'UTF8')), 'hex'), ` +
    `${remembers}, ${reseed}\0`,
)

/** SSLRequest, PostgreSQL 15 §55.7. */
export const sslRequest: Buffer = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

/** CancelRequest with the server's own key of this connection. */
export function cancelRequest(processId: number, secret: number): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeInt32BE(16, 0)
  bytes.writeInt32BE(80877102, 4)
  bytes.writeInt32BE(processId, 8)
  bytes.writeInt32BE(secret, 12)
  return bytes
}
