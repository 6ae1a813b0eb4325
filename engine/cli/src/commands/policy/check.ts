import { checkPolicies } from '@sluice/policy'
import type { ExitCode, Io } from '../../command.ts'
import { patiently } from '../../patience.ts'
import type { PolicyOptions } from '../policy.ts'
import { policyCache } from './cache.ts'
import { showFindings } from './findings.ts'

export async function checkCommand(options: PolicyOptions, io: Io): Promise<ExitCode> {
  const { folder, json } = options
  const findings = await patiently(io, `compiling ${folder}`, checkPolicies(folder, await policyCache(io)))
  if (findings.length === 0) {
    if (!json) io.out(`${folder}: ok\n`)
    return 0
  }
  showFindings(findings, options, io)
  return 1
}
