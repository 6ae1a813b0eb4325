import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { limits } from '@sluice/core'
import { Kafka, logLevel, type ISocketFactoryArgs, type RetryOptions, type SASLOptions } from 'kafkajs'

/** How to reach the brokers. */
export interface KafkaConnection {
  readonly brokers: readonly string[]
  readonly tls?: ConnectionOptions | boolean
  readonly sasl?: SASLOptions
}

/** Called when the client could not do something and tries again. */
export type Trouble = (what: string) => void

const connectMs = 3_000
/** A broker that does not answer for so long is taken for dead. */
const requestMs = 10_000

/** Tries again for ever, at most a second apart. */
export const untilDone: RetryOptions = {
  initialRetryTime: 50,
  maxRetryTime: 1_000,
  retries: Number.MAX_SAFE_INTEGER,
}
/** For what somebody waits for at a terminal: about ten seconds. */
export const patiently: RetryOptions = { initialRetryTime: 50, maxRetryTime: 1_000, retries: 15 }

/** The client's own log is its retries: whoever needs to hear of them says so. */
export function kafkaClient(
  { brokers, tls, sasl }: KafkaConnection,
  clientId: string,
  trouble: Trouble = () => {},
): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    ...(tls === undefined ? {} : { ssl: tls }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: connectMs,
    requestTimeout: requestMs,
    socketFactory: undelayed,
    retry: patiently,
    logLevel: logLevel.ERROR,
    logCreator:
      () =>
      ({ log }) =>
        trouble(log.message),
  })
}

/**
 * Connects as the client does by itself, but without Nagle's algorithm: the end of a flush that takes several segments
 * would wait until the broker has confirmed the beginning.
 */
function undelayed({ host, port, ssl, onConnect }: PlainOrTls): Socket {
  const name = isIP(host) === 0 ? { servername: host } : {}
  const socket = ssl
    ? connectTls({ host, port, ...name, ...ssl }, onConnect)
    : connectTcp({ host, port }, onConnect)
  return socket.setNoDelay(true).setKeepAlive(true, limits.keepAliveMs)
}

/** Its types leave out that there may be no TLS. */
type PlainOrTls = Omit<ISocketFactoryArgs, 'ssl'> & { readonly ssl?: ConnectionOptions | null }
