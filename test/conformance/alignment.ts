import { setTimeout as sleep } from 'node:timers/promises'
import { LoginRefused, WireClient, type Login } from '../src/index.ts'

/**
 * Servers that are to say the same must give the same ids to what is created. The gateway has further connections to
 * its server, and what it refuses may use up an id on one server alone.
 */

/**
 * The first temporary table of each place for a backend makes a schema for it, which takes ids: afterwards none does.
 * `places`: connections that the server takes; nobody else may be connected.
 */
export async function makeTemporarySchemas(login: Login, places: number): Promise<void> {
  const clients: WireClient[] = []
  while (clients.length < places) clients.push(await WireClient.login(login))
  for (const client of clients) await client.query('CREATE TEMP TABLE first_of_all ()')
  await Promise.all(clients.map((client) => (client.close(), client.end())))
}

/** Uses up ids of objects and of transactions where fewer were used. */
export async function alignIds(logins: readonly Login[]): Promise<void> {
  const servers = await Promise.all(logins.map(recovered))
  await align(servers)
  for (const server of servers) server.close()
}

const recoveryMs = 30_000

/** A test may bring a server down that is older than the test: it comes back by itself. */
async function recovered(login: Login): Promise<WireClient> {
  for (const late = AbortSignal.timeout(recoveryMs); ;) {
    try {
      return await WireClient.login(login)
    } catch (error) {
      if (late.aborted || !(error instanceof LoginRefused) || error.code !== '57P03') throw error
      await sleep(100)
    }
  }
}

async function align(servers: readonly WireClient[]): Promise<void> {
  const objects = await Promise.all(servers.map((server) => objectId(server, 1)))
  await Promise.all(servers.map((server, at) => objectId(server, 1 + behind(objects, at))))
  const transactions = await Promise.all(servers.map(transactionId))
  await Promise.all(
    servers.map(async (server, at) => {
      for (let count = behind(transactions, at); count > 0; count--) await transactionId(server)
    }),
  )
}

function behind(ids: readonly number[], at: number): number {
  return Math.max(...ids) - (ids[at] ?? 0)
}

/** The last of so many. */
async function objectId(server: WireClient, count: number): Promise<number> {
  const { rows } = await server.query(
    `SELECT max(id) FROM (SELECT id, lo_unlink(id) FROM (SELECT lo_create(0) AS id
     FROM generate_series(1, ${count}) OFFSET 0) AS made OFFSET 0) AS gone`,
  )
  return Number(rows[0]?.[0])
}

async function transactionId(server: WireClient): Promise<number> {
  const { rows } = await server.query('SELECT pg_current_xact_id()')
  return Number(rows[0]?.[0])
}
