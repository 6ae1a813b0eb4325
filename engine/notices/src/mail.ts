import { createTransport } from 'nodemailer'
import { limits, type Clock } from '@sluice/core'
import { delivered, failed, refusedBy, type Delivery, type Medium } from './delivery.ts'
import { mailOf, type Mail } from './mail-message.ts'
import type { Message } from './notice.ts'
import type { Link } from './told.ts'

export interface MailOptions {
  readonly host: string
  readonly port: number
  /** `starttls` and `implicit` never send a word in clear; `disable` is for a relay on this machine. */
  readonly tls: 'starttls' | 'implicit' | 'disable'
  /** PEM of the authorities that sign the server's certificate, where they are not those of the machine. */
  readonly authority?: string | undefined
  readonly login?: { readonly user: string; readonly password: () => Promise<string> } | undefined
  readonly from: string
  /** Each gets a mail of their own, and learns of nobody else. */
  readonly to: readonly string[]
  readonly link: Link
  readonly clock: Pick<Clock, 'now' | 'after'>
}

/** Who was dealt with of one message: another attempt leaves them alone. */
interface Progress {
  readonly id: string
  readonly done: Set<string>
  readonly refused: string[]
}

export function mail(options: MailOptions): Medium {
  let progress: Progress = { id: '', done: new Set(), refused: [] }
  return {
    async deliver(message, signal) {
      if (progress.id !== message.id) progress = { id: message.id, done: new Set(), refused: [] }
      return sendAll(message, progress, options, signal)
    },
  }
}

/** Trouble of one address is not that of the others; trouble with the server is. */
async function sendAll(
  message: Message,
  { done, refused }: Progress,
  options: MailOptions,
  signal: AbortSignal,
): Promise<Delivery> {
  const content = mailOf(message, options.link)
  const transport = await transportOf(options)
  const stop = (): void => transport.close()
  signal.addEventListener('abort', stop, { once: true })
  try {
    let later: Delivery | undefined
    for (const to of options.to.filter((each) => !done.has(each))) {
      const { delivery, of } = await sendOne(to, content, message.id, transport, options)
      if (delivery.kind === 'failed') later = delivery
      else done.add(to)
      if (delivery.kind === 'refused') refused.push(delivery.reason)
      if (of === 'server') break
    }
    if (later !== undefined) return later
    return refused.length === 0 ? delivered : refusedBy([...new Set(refused)].join(', '))
  } finally {
    signal.removeEventListener('abort', stop)
    transport.close()
  }
}

type Transport = Awaited<ReturnType<typeof transportOf>>

/** One connection, for all addresses of one attempt. */
async function transportOf({ host, port, tls, authority, login }: MailOptions) {
  const wait = limits.noticeAttemptMs
  const auth = login === undefined ? {} : { auth: { user: login.user, pass: await login.password() } }
  return createTransport({
    host,
    port,
    pool: true,
    maxConnections: 1,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'disable',
    tls: { minVersion: 'TLSv1.2', ...(authority === undefined ? {} : { ca: authority }) },
    connectionTimeout: wait,
    greetingTimeout: wait,
    socketTimeout: wait,
    dnsTimeout: wait,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...auth,
  })
}

interface Sent {
  readonly delivery: Delivery
  /** What it is about. */
  readonly of: 'address' | 'server'
}

async function sendOne(
  to: string,
  { subject, text }: Mail,
  id: string,
  transport: Transport,
  { from, clock }: MailOptions,
): Promise<Sent> {
  try {
    await transport.sendMail({
      from: { name: 'Sluice', address: from },
      to: { name: '', address: to },
      subject,
      text,
      date: new Date(clock.now()),
      // The same for the same message: a mailbox shows a repetition once.
      messageId: `<${id}@${from.split('@').at(-1) ?? 'sluice'}>`,
      headers: { 'auto-submitted': 'auto-generated' },
    })
    return { delivery: delivered, of: 'address' }
  } catch (error) {
    return troubleOf(error)
  }
}

/** A server's word on an address or a message is final when it says so; everything else may pass. */
function troubleOf(error: unknown): Sent {
  const { code, responseCode: status } = error as { readonly code?: unknown; readonly responseCode?: unknown }
  const answered = typeof status === 'number' ? `the mail server answered ${status}` : null
  if (answered === null) {
    const what = typeof code === 'string' ? code : 'the connection failed'
    return { delivery: failed(`the mail server cannot be used: ${what}`), of: 'server' }
  }
  if (code !== 'EENVELOPE' && code !== 'EMESSAGE') return { delivery: failed(answered), of: 'server' }
  const isFinal = typeof status === 'number' && status >= 500
  return { delivery: isFinal ? refusedBy(answered) : failed(answered), of: 'address' }
}
