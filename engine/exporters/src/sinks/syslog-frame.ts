import type { Parcel } from '../parcel.ts'

export interface SyslogHeader {
  /** 13 is that of audits. */
  readonly facility: number
  readonly host: string
  /** Private enterprise number of the structured data; 32473 is nobody's (RFC 5612). */
  readonly enterprise: number
}

const appName = 'sluice'
const hostCharsMax = 255
const messageIdCharsMax = 32

/**
 * One message of RFC 5424 in a frame of RFC 6587 and 5425: its length in octets, a space, the message. There is no
 * byte order mark before the text, which RFC 5424 would like: JSON and CEF do not begin with one, and every receiver
 * reads UTF-8 without.
 */
export function frameOf(parcel: Parcel, { facility, host, enterprise }: SyslogHeader): Buffer {
  const { severity, timeMs, type, id, stream, seq, text } = parcel
  const time = new Date(timeMs).toISOString()
  const data = { id, stream, seq: String(seq) }
  const params = Object.entries(data).map(([name, value]) => `${name}="${escaped(value)}"`)
  const header = [
    `<${facility * 8 + severity}>1`,
    time,
    token(host, hostCharsMax),
    appName,
    '-',
    token(type, messageIdCharsMax),
    `[sluice@${enterprise} ${params.join(' ')}]`,
  ]
  const message = Buffer.from(`${header.join(' ')} ${text}`, 'utf8')
  return Buffer.concat([Buffer.from(`${message.length} `, 'latin1'), message])
}

/** Printable ASCII without spaces, or nothing. */
function token(text: string, max: number): string {
  const shown = text.replaceAll(/[^!-~]/g, '').slice(0, max)
  return shown === '' ? '-' : shown
}

function escaped(value: string): string {
  return value.replaceAll(/["\\\]]/g, String.raw`\$&`)
}
