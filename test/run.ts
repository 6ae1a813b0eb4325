import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { inLanes } from './runner/lanes.ts'
import { Running } from './runner/running.ts'
import { commandOf, root, suites, type Suite } from './runner/suites.ts'

/**
 * Runs every suite, or those that are named, two beside each other where there are two cores; shows what each said once it
 * is over, and how long it took; fails when any did.
 */

/** Several times as long as any of them takes on a machine of its own. */
const suiteMs = 12 * 60_000
/** Much of what a suite does is waiting for something. More than two would starve what they wait for. */
const lanesMax = 2

// The demo keeps its data there too, and `doctor` wants nobody else to look into it.
mkdirSync(`${root}.sluice`, { recursive: true, mode: 0o700 })

const only = process.argv.slice(2)
const unknown = only.filter((name) => !suites.some((suite) => suite.name === name))
if (unknown.length > 0) {
  console.error(`no suite ${unknown.join(', ')}: there are ${suites.map((suite) => suite.name).join(', ')}`)
  process.exit(2)
}

interface Result {
  readonly name: string
  readonly passed: boolean
  readonly seconds: number
}

const chosen = suites.filter(({ name }) => only.length === 0 || only.includes(name))
const running = new Map<string, Running>()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    for (const [name, suite] of running) {
      suite.end(signal)
      console.log(`\n── ${name}, interrupted\n${suite.said()}`)
    }
    process.exit(1)
  })

const started = performance.now()
const results = await inLanes(chosen, Math.min(lanesMax, availableParallelism()), run)
const wall = (performance.now() - started) / 1000

console.log('\nsuite                seconds')
for (const { name, seconds, passed } of results)
  console.log(`${name.padEnd(20)} ${seconds.toFixed(1).padStart(7)}  ${passed ? 'passed' : 'FAILED'}`)
const failed = results.filter(({ passed }) => !passed).length
console.log(`\n${results.length - failed} passed, ${failed} failed, in ${wall.toFixed(1)} seconds`)
process.exitCode = failed === 0 ? 0 : 1

async function run(suite: Suite): Promise<Result> {
  const { name } = suite
  const command = commandOf(suite)
  if (command === null) {
    console.error(`\n── ${name} has no test file`)
    return { name, passed: false, seconds: 0 }
  }
  console.log(`   ${name} …`)
  const own = new Running(command, {
    cwd: root,
    // Hundreds of processes read in the same files: one of them compiles each.
    env: { ...process.env, NODE_COMPILE_CACHE: `${root}.sluice/test-code` },
    withinMs: suiteMs,
    // Of one alone everything may be seen as it comes.
    ...(chosen.length === 1 ? {} : { output: `${root}.sluice/test-output/${name}.txt` }),
  })
  running.set(name, own)
  const { passed, seconds } = await own.ended
  running.delete(name)
  console.log(`\n── ${name}, ${passed ? 'passed' : 'FAILED'} in ${seconds.toFixed(1)} s\n${own.said()}`)
  return { name, passed, seconds }
}
