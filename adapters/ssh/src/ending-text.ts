import { statuses } from './sftp/packet.ts'

/** What was recorded of the end of a stream, a program or a file, in words; what is none of these stays as it is. */
export function endingText(recorded: string): string {
  const ending = parsed(recorded)
  if (ending === undefined) return recorded
  switch (ending['kind']) {
    case 'exit':
      return `exit status ${String(ending['status'])}`
    case 'signal':
      return `ended by signal ${String(ending['name'])}${ending['core'] === true ? ', with a core' : ''}`
    case 'closed':
      return 'ended without a status'
    case undefined:
      return fileText(ending) ?? recorded
    default:
      return recorded
  }
}

/** All that was sent to a program, of which the beginning is recorded. */
export function stdinText(recorded: string): string {
  const sent = sentOf(parsed(recorded))
  return sent === undefined ? recorded : `stdin ended: ${sent}`
}

function fileText({ read, written, status, bytes }: Fields): string | undefined {
  if (typeof status === 'number') return statusName(status)
  if (typeof bytes === 'number') return `answered, ${bytes} bytes`
  const ways = [told('read', read), told('written', written)].filter((way) => way !== null)
  if (read === undefined || written === undefined) return undefined
  return ways.length === 0 ? 'nothing read, nothing written' : ways.join('; ')
}

function told(way: string, of: unknown): string | null {
  const sent = sentOf(of)
  return sent === undefined ? null : `${way}: ${sent}`
}

function sentOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { bytes, sha256, in_order: inOrder = true } = value as Fields
  if (typeof bytes !== 'number' || typeof sha256 !== 'string') return undefined
  const order = inOrder === true ? '' : ', in an order of its own, so that it is no file’s hash'
  return `${bytes} bytes, SHA-256 ${sha256}${order}`
}

function statusName(status: number): string {
  const name = Object.entries(statuses).find(([, code]) => code === status)?.[0]
  return name === undefined ? `status ${status}` : name.replaceAll('_', ' ')
}

interface Fields {
  readonly [field: string]: unknown
}

function parsed(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}
