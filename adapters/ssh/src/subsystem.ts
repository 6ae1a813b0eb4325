import { refusal, type Refusal } from '@sluice/core'

/** Why a subsystem is not served here; each is a protocol of its own that somebody would have to read. */
export function subsystemObjection(name: string): Refusal {
  return name === 'sftp' ? sftp : other
}

const sftp = refusal(
  'denied',
  'ssh/subsystem',
  'Files cannot be copied over SFTP here yet: run a command instead, e.g. cat.',
)
const other = refusal('denied', 'ssh/subsystem', 'This subsystem is not served here: run a command instead.')
