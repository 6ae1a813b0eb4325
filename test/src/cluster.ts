import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { serverAccount, startPostgres } from '@sluice/demo'

const run = promisify(execFile)
const kept = fileURLToPath(new URL('../../.sluice/test-clusters', import.meta.url))
/** What decides how a new cluster looks. */
const makers = ['package.json', 'src/postgres.ts', 'src/postgres-cluster.ts'].map(
  (file) => new URL(`../../infra/demo/${file}`, import.meta.url),
)

/**
 * Puts a new cluster into this folder, for `startPostgres` to find. It is a copy of one that is made once: making one
 * takes several times as long as everything else of a start.
 */
export async function copyCluster(dataDir: string): Promise<void> {
  const model = await modelCluster()
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  // With the owner of each file, who is another account than ours where we are root.
  await run('cp', ['-a', `${model}/.`, dataDir])
}

let found: Promise<string> | undefined

function modelCluster(): Promise<string> {
  return (found ??= findModel())
}

async function findModel(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(await serverAccount()))
  for (const file of makers) hash.update(await readFile(file))
  const model = join(kept, hash.digest('hex').slice(0, 16))
  if (!existsSync(model)) await makeModel(model)
  return model
}

/** Made beside its place: what an interruption leaves is not taken for a cluster. */
async function makeModel(model: string): Promise<void> {
  await mkdir(kept, { recursive: true, mode: 0o700 })
  const draft = await mkdtemp(`${model}-`)
  const postgres = await startPostgres({ dataDir: draft, port: 0, log: () => {}, settings: weakPasswords })
  await postgres.close()
  try {
    await rename(draft, model)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    // Another process was faster.
    if (!existsSync(model)) throw error
  }
}

/** Each login is quick. Some clients accept no fewer rounds. */
const weakPasswords = { scram_iterations: '64' }
