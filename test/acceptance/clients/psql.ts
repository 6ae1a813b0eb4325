import { spawn } from 'node:child_process'
import type { Json } from '@sluice/core'
import { programOf } from '../../src/program.ts'
import type { Login } from '../../src/wire-client.ts'
import { environmentOf } from '../door.ts'
import { misread, type Case } from '../transcript.ts'

/** What psql printed, and how it ended. */
export interface Printed {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs psql with a script on its standard input. Throws, with what to install, when there is no psql. */
export async function psql(
  door: Login,
  script: string,
  options: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Printed> {
  return run(await psqlInstalled(), ['--no-psqlrc', '-v', 'VERBOSITY=verbose', ...options], script, {
    ...environmentOf(door),
    PSQL_HISTORY: '/dev/null',
    PAGER: 'cat',
    ...env,
  })
}

/** Throws, with what to install, when there is no psql. */
export function psqlInstalled(): Promise<string> {
  return (installed ??= programOf('psql', 'postgresql-client'))
}

let installed: Promise<string> | undefined

async function run(
  program: string,
  args: readonly string[],
  input: string,
  env: Readonly<Record<string, string>>,
): Promise<Printed> {
  const child = spawn(program, args, { env })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }
}

/** Each case a script. What is printed must be the same to the byte, the place in the server's source apart. */
const scripts: Readonly<Record<string, string>> = {
  types: '\\pset null NULL\nTABLE all_types ORDER BY id;\n',
  'types, unaligned': '\\a\n\\t\nSELECT * FROM all_types ORDER BY id;\n',
  expanded: '\\x\nSELECT id, words, docb FROM all_types ORDER BY id;\n',
  'several statements in one message':
    "SELECT 1 \\; INSERT INTO jobs (label) VALUES ('psql') \\; SELECT label FROM jobs ORDER BY id;\n",
  'what a query would give': 'SELECT id, words, docb, home FROM all_types \\gdesc\n',
  'rows in portions': '\\set FETCH_COUNT 10\nSELECT n, md5(n::text) FROM generate_series(1, 35) n;\n',
  'errors, and on it goes': `SELECT 1/0;
SELEC 1;
SELECT * FROM nowhere;
SELECT nothing FROM jobs;
INSERT INTO jobs (label) VALUES ('first');
INSERT INTO jobs (label) VALUES (NULL);
SELECT * FROM forbidden;
SELECT 'alive';
`,
  'a failed transaction': `BEGIN;
SELECT 1/0;
SELECT 1;
COMMIT;
SELECT 'alive';
`,
  'savepoints around each statement': `\\set ON_ERROR_ROLLBACK on
BEGIN;
SELECT 1/0;
SELECT 'still alive';
COMMIT;
`,
  'stopping at an error': '\\set ON_ERROR_STOP on\nSELECT 1/0;\nSELECT 2;\n',
  notices: "INSERT INTO noisy (label) VALUES ('psql');\nCOMMIT;\n",
  'copy to standard output': 'COPY (SELECT id, words FROM all_types ORDER BY id) TO STDOUT;\n',
  'copy by psql': '\\copy (SELECT label FROM jobs ORDER BY id) to pstdout\n',
  'copy from standard input':
    'COPY jobs (label, amount) FROM STDIN;\npsql-1\t1\npsql-2\t2\n\\.\nSELECT label, amount FROM jobs ORDER BY id;\n',
  'copy from standard input that fails':
    'COPY jobs (label, amount) FROM STDIN;\npsql-3\tx\n\\.\nSELECT label FROM jobs ORDER BY id;\n',
  'settings and status':
    "SET TIME ZONE 'Asia/Kathmandu';\nSELECT '2024-02-29 12:00Z'::timestamptz;\nSHOW server_version;\n\\encoding\n\\echo :SERVER_VERSION_NUM\n",
  'an empty query': ';\n/* nothing */;\n-- nothing\nSELECT 1;\n',
  'a large result': '\\a\n\\t\nSELECT n, repeat(md5(n::text), 32) FROM generate_series(1, 10000) n;\n',
}

export const psqlCases: Readonly<Record<string, Case<Login>>> = Object.fromEntries(
  Object.entries(scripts).map(([name, script]) => [
    name,
    async (door: Login) => plain(await psql(door, script)),
  ]),
)

/** The hint below an error that Sluice says in the server's place: a case of psycopg. */
const misreadHint = new RegExp(
  `(ERROR: {2}(?:${[...misread].join('|')}): .*\\n(?:LINE .*\\n.*\\^\\n)?)(?:HINT: .*\\n)?`,
  'g',
)

export function plain({ code, out, err }: Printed): Json {
  const kept = err.replaceAll(/^LOCATION: .*\n/gm, '')
  return { code, out, err: kept.replaceAll(misreadHint, '$1') }
}
