import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { pythonEnvironment } from '../python-environment.ts'

/** `npm run example:python`: installs what the script needs, the first time, and runs it. */
const script = fileURLToPath(new URL('../../example.py', import.meta.url))
const requirements = fileURLToPath(new URL('../../requirements.txt', import.meta.url))

try {
  const python = await pythonEnvironment({ name: 'example', requirements })
  const child = spawn(python, [script, ...process.argv.slice(2)], {
    env: { ...process.env, PYTHONWARNINGS: 'ignore::DeprecationWarning' },
    stdio: 'inherit',
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  process.exitCode = code ?? 1
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
