import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * `npm run conformance`: what is named on the command line of the regression tests, or all of them, then the queries of
 * sqlsmith and the drivers' own tests. One part that fails does not keep the next from being run.
 */
const args = process.argv.slice(2)
const named = args.some((arg) => !arg.startsWith('-'))
const parts = [['main.ts', ...args], ...(named ? [] : [['smith-main.ts'], ['suites/main.ts']])] as const

/** What a part ends with where its tests cannot be had: said, and no failure but of the first. */
const missing = 3

let failed = false
for (const [index, [script, ...rest]] of parts.entries()) {
  const code = await run(fileURLToPath(new URL(script, import.meta.url)), rest)
  failed ||= code !== 0 && (index === 0 || code !== missing)
}
process.exitCode = failed ? 1 : 0

function run(script: string, rest: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, script, ...rest], { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
}
