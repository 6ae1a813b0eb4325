import { access, constants, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Io } from '../../command.ts'
import { dataFolder } from '../../demo-state.ts'

/** Where a gateway on this data folder keeps compiled policies, or `null` where nothing can be written. */
export async function policyCache(io: Io): Promise<string | null> {
  const folder = join(dataFolder(io.env), 'policies')
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await access(folder, constants.W_OK)
    return folder
  } catch {
    return null
  }
}
