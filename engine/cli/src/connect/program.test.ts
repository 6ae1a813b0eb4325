import { test } from 'node:test'
import assert from 'node:assert/strict'
import { runProgram } from './program.ts'

const run = (script: string, variables: Readonly<Record<string, string | null>> = {}, env = process.env) =>
  runProgram([process.execPath, '-e', script], variables, env)

test('its exit code is the answer, or what ended it', async () => {
  assert.equal(await run('process.exit(7)'), 7)
  assert.equal(await run('process.kill(process.pid, "SIGKILL")'), 137)
})

test('it sees the variables, and none that was taken out', async () => {
  const script =
    'process.exit(process.env.A === "new" && process.env.B === undefined && process.env.C === "kept" ? 0 : 1)'
  assert.equal(
    await run(script, { A: 'new', B: null }, { ...process.env, A: 'old', B: 'secret', C: 'kept' }),
    0,
  )
})

test('a signal reaches it, and it ends when it likes', async () => {
  const script =
    'process.on("SIGHUP", () => setTimeout(() => process.exit(5), 100)); process.kill(process.ppid, "SIGHUP"); setInterval(() => {}, 1000)'
  const before = process.listenerCount('SIGHUP')
  assert.equal(await run(script), 5)
  assert.equal(process.listenerCount('SIGHUP'), before)
})

test('what cannot be run is said', async () => {
  await assert.rejects(runProgram(['/nonexistent/program'], {}, process.env), /cannot be run: .*ENOENT/)
})
