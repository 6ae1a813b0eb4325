import { fileURLToPath } from 'node:url'
import { startIdentityProvider } from '@sluice/demo'
import { psqlInstalled } from '../acceptance/clients/psql.ts'
import { startBackend, startGateway, startRelay, type Backend, type Login } from '../src/index.ts'
import { setUp } from './chosen.ts'
import type { Corpus } from './corpus.ts'
import { openFiles, runTest, type Files } from './psql.ts'

/** Where a protected value was shown. */
export interface Sighting {
  readonly test: string
  /** What stood around it. */
  readonly shown: string
}

export interface Watched {
  readonly test: string
  readonly direct: Seen
  readonly through: Seen
}

export interface Seen {
  /** Bytes that the client got. */
  readonly bytes: number
  readonly sightings: readonly Sighting[]
}

const target = 'regression'
const masks = fileURLToPath(new URL('../contract/policies/masks', import.meta.url))

/** Rare letters, so that nothing else looks like them, not even apart. */
const word = 'qxkzvwjy'
const digits = '9182736'

/** Protected columns, and the values that stand in them: something of each row's own behind the token. */
const text = (of: string): string => `'${word}' || ${of}`
const protectedColumns: { readonly [relation: string]: { readonly [column: string]: string } } = {
  onek: { stringu1: text('unique1'), stringu2: text('unique2'), string4: text('four') },
  onek2: { stringu1: text('unique1'), stringu2: text('unique2'), string4: text('four') },
  tenk1: { stringu1: text('unique1'), stringu2: text('unique2'), string4: text('four') },
  tenk2: { stringu1: text('unique1'), stringu2: text('unique2'), string4: text('four') },
  text_tbl: { f1: text('length(f1)') },
  varchar_tbl: { f1: "left('qxk', 4)" },
  person: { name: text('age') },
  emp: { name: text('age') },
  student: { name: text('age') },
  stud_emp: { name: text('age') },
  int4_tbl: { f1: `${digits}00 + abs(f1 % 97)` },
}

const plant = Object.entries(protectedColumns).map(
  ([relation, columns]) =>
    `UPDATE ONLY ${relation} SET ${Object.entries(columns)
      .map(([column, value]) => `${column} = ${value}`)
      .join(', ')}`,
)

/** The token as it is, backwards, in hexadecimal, in base64 at each of its three places, and letter by letter. */
const forms: readonly RegExp[] = [
  new RegExp(word, 'i'),
  new RegExp([...word].toReversed().join(''), 'i'),
  new RegExp(Buffer.from(word).toString('hex'), 'i'),
  new RegExp(Buffer.from(word.toUpperCase()).toString('hex'), 'i'),
  ...[0, 1, 2].map((place) => new RegExp(base64At(place))),
  new RegExp([...word].join('[^a-z]{1,4}'), 'i'),
  new RegExp(digits),
]

function base64At(place: number): string {
  const encoded = Buffer.from('x'.repeat(place) + word).toString('base64')
  // What depends on the neighbours is left out.
  return encoded.slice(place === 0 ? 0 : 4, 4 + 4 * Math.floor((word.length + place - 3) / 3))
}

/** Runs tests against two like databases with protected values: one is asked directly, one through masks. */
export async function* watch(corpus: Corpus, tests: readonly string[]): AsyncGenerator<Watched> {
  await psqlInstalled()
  await using parts = new AsyncDisposableStack()
  const files = parts.use(await openFiles(corpus))
  const backend = await startBackend({ autovacuum: 'off' })
  parts.defer(() => backend.close())
  const direct = await planted(backend, 'asked_directly', corpus, files)
  const behind = await planted(backend, 'asked_through', corpus, files)
  const provider = await startIdentityProvider({ port: 0 })
  parts.defer(() => provider.close())
  const masked = Object.fromEntries(
    Object.entries(protectedColumns).map(([relation, columns]) => [
      `public.${relation}`,
      Object.fromEntries(
        Object.keys(columns).map((column) => [column, { method: 'redact', derived: 'mask' }]),
      ),
    ]),
  )
  const gateway = await startGateway({
    provider,
    policies: masks,
    policyData: { masked },
    targets: [{ name: target, login: behind }],
  })
  parts.defer(() => gateway.close())
  for (const test of tests) {
    const open = await seen(corpus, test, direct, files)
    const through = await seen(corpus, test, await gateway.login('alice', target), files)
    yield { test, direct: open, through }
  }
}

/** A database with the tables that all tests share, and tokens in them. */
async function planted(backend: Backend, name: string, corpus: Corpus, files: Files): Promise<Login> {
  await backend.run('postgres', `CREATE DATABASE ${name} TEMPLATE template0`)
  const login = backend.login(name)
  await runTest(corpus, setUp, login, files)
  for (const statement of plant) await backend.run(name, statement)
  return login
}

async function seen(corpus: Corpus, test: string, login: Login, files: Files): Promise<Seen> {
  const relay = await startRelay(login)
  try {
    await runTest(corpus, test, { ...login, host: relay.host, port: relay.port }, files)
    const heard = relay.connections.map(({ down }) => down.toString('latin1'))
    return {
      bytes: heard.reduce((sum, { length }) => sum + length, 0),
      sightings: heard.flatMap((each) => sightingsIn(each, test)),
    }
  } finally {
    await relay.close()
  }
}

export function sightingsIn(heard: string, test: string): readonly Sighting[] {
  return forms.flatMap((form) =>
    [...heard.matchAll(new RegExp(form, `${form.flags}g`))].map(({ index }) => ({
      test,
      shown: JSON.stringify(heard.slice(Math.max(0, index - 150), index + 60)),
    })),
  )
}
