import { join } from 'node:path'
import { formatPolicies } from '@sluice/policy'
import type { ExitCode, Io } from '../../command.ts'
import { patiently } from '../../patience.ts'
import type { PolicyOptions } from '../policy.ts'
import { policyCache } from './cache.ts'

export async function fmtCommand({ folder, json, check }: PolicyOptions, io: Io): Promise<ExitCode> {
  const work = formatPolicies(folder, { write: !check, cache: await policyCache(io) })
  const files = (await patiently(io, `formatting ${folder}`, work)).map((name) => join(folder, name))
  for (const file of files) {
    if (json) io.out(`${JSON.stringify({ file, written: !check })}\n`)
    else io.out(check ? `${file}: not formatted\n` : `${file}\n`)
  }
  return check && files.length > 0 ? 1 : 0
}
