import type { ApprovalLine } from '@sluice/api'
import { table } from '../../table.ts'

/** Characters of a statement in a table; the mark behind it says that there is more. */
const statementChars = 60

export function lsText(lines: readonly ApprovalLine[]): string {
  if (lines.length === 0) return 'Nothing waits for an approval that concerns you.\n'
  return table(
    ['approval', 'state', 'approved', 'subject', 'target', 'action', 'until', 'statement'],
    lines.map((line) => [
      line.id,
      line.state,
      `${line.approved}/${line.quorum}`,
      line.subject,
      line.target,
      line.action,
      line.expires_at.slice(0, 19).replace('T', ' '),
      beginning(line.statement),
    ]),
  )
}

function beginning(statement: string | null): string {
  if (statement === null) return '(erased)'
  const characters = Array.from(statement.replaceAll(/\s+/g, ' '))
  if (characters.length <= statementChars) return characters.join('')
  return `${characters.slice(0, statementChars).join('')}… (cut: see approvals show)`
}
