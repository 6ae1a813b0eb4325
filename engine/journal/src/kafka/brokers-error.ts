/** The brokers are out of reach, or let nobody in with these settings. Says which; holds no secret. */
export class BrokersError extends Error {
  override readonly name = 'BrokersError'

  constructor(brokers: readonly string[], cause: Error) {
    super(`The brokers at ${brokers.join(', ')} cannot be used: ${reasonOf(cause)}. ${adviceFor(cause)}`, {
      cause,
    })
  }
}

/** What the brokers answer is passed on as it is; that they do not, as a `BrokersError`. */
export async function reaching<T>(brokers: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const root = rootOf(error)
    if (root === undefined || answers.has(root.name)) throw error
    throw new BrokersError(brokers, root)
  }
}

const answers: ReadonlySet<string> = new Set([
  'UnsafeLogError',
  'KafkaJSProtocolError',
  'KafkaJSCreateTopicError',
  'KafkaJSAggregateError',
])

/** What the client gave up on, under the layers of its retries. */
function rootOf(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined
  return rootOf(error.cause) ?? error
}

/** As people say it: without the client's prefix, OpenSSL's places in its source, and advice about other programs. */
function reasonOf({ message }: Error): string {
  const alert = /alert ([a-z ]+):/.exec(message)?.[1]
  if (alert !== undefined) return `they refuse the certificate of this gateway (${alert})`
  if (isClosing(message)) return 'they close the connection'
  return message.replace(/^Connection error: /, '').replace(/; if the root CA .*$/, '')
}

function isClosing(message: string): boolean {
  return /^Closed connection|^No brokers in the broker pool/.test(message)
}

function adviceFor({ message }: Error): string {
  if (/\bSASL\b|\btoken\b/.test(message)) return 'Check log.sasl, and what the brokers know of this gateway.'
  if (/certificate/i.test(message))
    return 'Check log.tls: the authority (ca), names and dates of certificates, and the one of this gateway (cert, key).'
  if (isClosing(message))
    return 'Check that log.tls and log.sasl are what they want, and that they trust who signs its tokens.'
  return 'Check log.brokers, and whether they run.'
}
