import { Pool } from 'pg'

/** An application as it was before there was a gateway: a URL, a pool of one, and no word of tokens. */
const seconds = Number(process.argv[2])
const pool = new Pool({ connectionString: process.env['DATABASE_URL'], max: 1, idleTimeoutMillis: 0 })
const until = Date.now() + seconds * 1000
let statements = 0
do {
  await pool.query('SELECT count(*) FROM orders WHERE id > $1', [statements])
  await pool.query(statements === 0 ? 'SELECT pg_sleep(5)' : 'SELECT pg_sleep(0.2)')
  statements += 2
} while (Date.now() < until)
const { rows } = await pool.query('SELECT ssn FROM customers LIMIT 1')
await pool.end()
console.log(JSON.stringify({ statements, ssn: (rows[0] as { ssn: string }).ssn }))
