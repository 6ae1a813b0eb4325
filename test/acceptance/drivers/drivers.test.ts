import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Json } from '@sluice/core'
import { MissingError } from '@sluice/kafka'
import { seenIn, type Transcript } from '../transcript.ts'
import { clients, type Run } from './clients.ts'
import { differences, leavesOf, type Difference } from './differences.ts'
import { compiled, drivers, features, type Driver, type Feature } from './features.ts'
import { beyondStarter, matrix } from './matrix.ts'
import { openDriverStage } from './stage.ts'

/**
 * Every driver over its whole range: what it sees at the server itself it sees through Sluice, values to the byte,
 * types, tags, errors, notices and states of transactions. What is different all the same is in `differences.ts`.
 * `npm run test:drivers` runs all of them, the suite those that need no compiler.
 */
const asked: readonly Driver[] =
  process.env['SLUICE_DRIVERS'] === 'all' ? drivers : drivers.filter((driver) => !compiled.has(driver))
const stage = await openDriverStage(asked)
after(() => stage[Symbol.asyncDispose]())

interface Ran {
  readonly direct: Transcript
  /** Where everything is allowed. */
  readonly all: Transcript
  /** Under the starter policies. */
  readonly starter: Transcript | null
}

/** Several at once: most of their time they wait. */
const atOnce = 3
const ran = await sideBySide(asked)

for (const driver of asked)
  suite(driver, () => {
    const found = ran.get(driver)
    const skip = found instanceof MissingError && found.message
    test('ran', { skip }, () => {
      if (found instanceof Error) throw found
    })
    if (found === undefined || (found instanceof Error && !(found instanceof MissingError))) return
    const missing = found instanceof MissingError
    for (const feature of features)
      for (const scenario of scenariosOf(driver, feature))
        test(`${feature}: ${scenario}`, { skip: missing && found.message }, () => {
          if (missing) return
          agree(driver, scenario, found.direct, found.all)
          if (found.starter?.has(scenario) === true) agree(driver, scenario, found.direct, found.starter)
        })
    test('every scenario is in the matrix, and has run', { skip }, () => {
      if (missing) return
      const named = new Set(features.flatMap((feature) => scenariosOf(driver, feature)))
      assert.deepEqual([...found.direct.keys()].toSorted(), [...named].toSorted())
      assert.deepEqual([...found.all.keys()], [...found.direct.keys()])
      const allowed = [...named].filter((scenario) => beyondStarter[driver]?.includes(scenario) !== true)
      if (found.starter !== null) assert.deepEqual([...found.starter.keys()].toSorted(), allowed.toSorted())
    })
    for (const difference of differences)
      for (const scenario of difference.scenarios[driver] ?? [])
        test(`still different: ${scenario}`, { skip: missing && found.message }, () => {
          if (missing) return
          const leaves = leavesOf(seenIn(found.direct, scenario), seenIn(found.all, scenario))
          assert.ok(leaves.some(difference.explains), `it is mended: take away "${difference.reason}"`)
        })
  })

function scenariosOf(driver: Driver, feature: Feature): readonly string[] {
  const cell = matrix[driver][feature]
  return typeof cell === 'string' ? [] : cell
}

/** The same, but for what is expected to differ. */
function agree(driver: Driver, scenario: string, direct: Transcript, through: Transcript): void {
  const expected = differences.filter(({ scenarios }) => scenarios[driver]?.includes(scenario))
  const own: Json = seenIn(direct, scenario)
  const other: Json = seenIn(through, scenario)
  const strange = leavesOf(own, other).filter((leaf) => !explained(expected, leaf))
  assert.deepEqual(
    strange.map(({ at, through: seen }) => [at, seen]),
    strange.map(({ at, direct: seen }) => [at, seen]),
  )
}

function explained(expected: readonly Difference[], leaf: Parameters<Difference['explains']>[0]): boolean {
  return expected.some((difference) => difference.explains(leaf))
}

/** Made ready all at once, run a few at a time. */
async function sideBySide(names: readonly Driver[]): Promise<ReadonlyMap<Driver, Ran | Error>> {
  const found = new Map<Driver, Ran | Error>()
  const ready = names.map((driver) => ({ driver, run: settled(clients[driver]()) }))
  const work = async (): Promise<void> => {
    for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
      const { driver } = next
      const run = await next.run
      found.set(driver, run instanceof Error ? run : await settled(throughEveryDoor(driver, run)))
      if (run instanceof MissingError) console.error(`drivers: NONE of ${driver} RAN: ${run.message}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return found
}

async function throughEveryDoor(driver: Driver, run: Run): Promise<Ran> {
  const direct = await run(await stage.direct(driver))
  const all = await run(await stage.through(driver, 'all'))
  const without = beyondStarter[driver]
  const starter = without === undefined ? null : await run(await stage.through(driver, 'starter'), without)
  return { direct, all, starter }
}

function settled<T>(work: Promise<T>): Promise<T | Error> {
  return work.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
}
