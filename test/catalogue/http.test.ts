import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { openDoors, type Doors } from './careless-doors.ts'
import { addressCases } from './cases/http-address.ts'
import { answerCases } from './cases/http-answers.ts'
import { framingCases } from './cases/http-framing.ts'
import { headerCases } from './cases/http-headers.ts'
import { dueOverHttp } from './due.ts'
import { elsewhereOverHttp } from './elsewhere.ts'
import { attackDirectly, attackThrough } from './run-http.ts'

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
      assert.ok(
        name !== '' && (await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')).includes(name),
        file,
      )
  })

  test('shows most attacks at the API itself', () => {
    const attacks = cases.flatMap((each) => each.attacks)
    const shown = attacks.filter(({ shows }) => shows.kind !== 'cannotShow')
    assert.ok(shown.length > 150, `only ${shown.length} of ${attacks.length}`)
  })
})

const parts = new AsyncDisposableStack()
after(() => parts.disposeAsync())
let doors: Doors
before(async () => {
  doors = await openDoors(parts)
})

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
