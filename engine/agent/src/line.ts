import type { Duplex } from 'node:stream'
import { limits } from './limits.ts'

/** The other side closed, said too much, or said nothing in time. */
export class LineError extends Error {
  override readonly name = 'LineError'
}

/**
 * The line with which a connection begins. What stands behind it stays in the stream, for whoever reads on. Rejects with
 * `LineError`; the stream is then good for nothing.
 */
export async function readLine(stream: Duplex, withinMs: number = limits.handshakeMs): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let read = Buffer.alloc(0)
  const look = (): void => {
    for (let chunk: Buffer | null; (chunk = stream.read() as Buffer | null) !== null;) {
      read = Buffer.concat([read, chunk])
      const end = read.indexOf('\n')
      if (end > limits.helloBytesMax || (end === -1 && read.length > limits.helloBytesMax))
        return reject(new LineError('the line is too long'))
      if (end === -1) continue
      stream.off('readable', look)
      if (read.length > end + 1) stream.unshift(read.subarray(end + 1))
      return resolve(read.toString('utf8', 0, end))
    }
  }
  const over = (): void => reject(new LineError('the connection was closed'))
  const timer = setTimeout(() => reject(new LineError('nothing was said in time')), withinMs)
  stream.on('readable', look).on('end', over).on('close', over)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    stream.off('readable', look).off('end', over).off('close', over)
  }
}

/** Resolves once it has left this process: before that, nothing else may take the stream over. */
export function writeLine(stream: Duplex, message: object): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  stream.write(`${JSON.stringify(message)}\n`, (error) => (error == null ? resolve() : reject(error)))
  return promise
}
