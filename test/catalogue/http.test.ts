import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startIdentityProvider } from '@sluice/demo'
import { startGateway } from '../src/index.ts'
import { startCarelessApi } from './careless-api.ts'
import { addressCases } from './cases/http-address.ts'
import { answerCases } from './cases/http-answers.ts'
import { framingCases } from './cases/http-framing.ts'
import { headerCases } from './cases/http-headers.ts'
import { dueOverHttp } from './due.ts'
import { elsewhereOverHttp } from './elsewhere.ts'
import { attackDirectly, attackThrough, type Doors } from './run-http.ts'

/** The catalogue over HTTP: each attack works at an API that believes whatever it is told, and not through Sluice. */
const cases = [...addressCases, ...headerCases, ...framingCases, ...answerCases]

suite('the catalogue over HTTP', () => {
  test('has a case for every number that is due', () => {
    const present = new Set([...cases, ...elsewhereOverHttp].map(({ id }) => id))
    assert.deepEqual(
      dueOverHttp.filter((id) => !present.has(id)),
      [],
    )
  })

  test('has the cases that are elsewhere where it says that they are', async () => {
    for (const [file, name] of elsewhereOverHttp.flatMap(({ tests }) => tests))
      assert.ok((await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')).includes(name), file)
  })

  test('shows most attacks at the API itself', () => {
    const attacks = cases.flatMap((each) => each.attacks)
    const shown = attacks.filter(({ shows }) => shows.kind !== 'cannotShow')
    assert.ok(shown.length > 150, `only ${shown.length} of ${attacks.length}`)
  })
})

const parts = new AsyncDisposableStack()
let doors: Doors
before(async () => {
  const credential = 'key-of-the-gateway-alone'
  const api = await startCarelessApi()
  parts.defer(() => api.close())
  const provider = await startIdentityProvider({ port: 0 })
  parts.defer(() => provider.close())
  const gateway = await startGateway({
    provider,
    policies: fileURLToPath(new URL('policies/http', import.meta.url)),
    targets: [{ name: 'careless', http: api, secret: credential, settings: { case: 'insensitive' } }],
  })
  parts.defer(() => gateway.close())
  const { prefix, headers } = await gateway.door('langchain-reporting', 'careless')
  const [[name, value] = ['', '']] = Object.entries(headers)
  const entrance = { prefix, token: value.replace('Bearer ', ''), authorization: `${name}: ${value}\r\n` }
  doors = { api, gateway: gateway.http, entrance, credential }
})
after(() => parts.disposeAsync())

for (const [where, attack] of [
  ['at the API itself each attack works', attackDirectly],
  ['through Sluice none does', attackThrough],
] as const)
  suite(where, () => {
    for (const { id, title, attacks } of cases)
      suite(`${id} ${title}`, () => {
        for (const each of attacks) test(each.name, () => attack(each, doors))
      })
  })
