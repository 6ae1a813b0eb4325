import { join } from 'node:path'
import { describe, type Diagnostic } from '@sluice/policy'
import type { Io } from '../../command.ts'
import type { PolicyOptions } from '../policy.ts'

/** One finding per line as `file:row:col: message`, the file as it can be opened from here. */
export function showFindings(
  findings: readonly Diagnostic[],
  { folder, json }: Pick<PolicyOptions, 'folder' | 'json'>,
  io: Io,
): void {
  const placed = findings.map((each) => ({
    ...each,
    file: each.file === '' ? folder : join(folder, each.file),
  }))
  if (json) for (const each of placed) io.out(`${JSON.stringify(each)}\n`)
  else io.out(`${describe(placed)}\n`)
}
