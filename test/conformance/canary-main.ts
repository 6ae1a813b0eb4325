import { watch } from './canary.ts'
import { chosen } from './chosen.ts'

/** `npm run conformance:canary`: no protected value leaves through the gateway, whatever the regression tests ask. */
const { corpus, tests } = await chosen()
let direct = 0
let through = 0
for await (const watched of watch(corpus, tests)) {
  direct += watched.direct.sightings.length
  through += watched.through.sightings.length
  const { test } = watched
  console.log(
    `${test.padEnd(24)} directly ${watched.direct.sightings.length}, through ${watched.through.sightings.length}`,
  )
  for (const { shown } of watched.through.sightings) console.log(`  ${shown}`)
}
console.log(`\nprotected values shown: directly ${direct}, through the gateway ${through}`)
process.exitCode = through === 0 && direct > 0 ? 0 : 1
