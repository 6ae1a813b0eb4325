import { connect } from 'node:net'
import type { Endpoint } from './endpoints.ts'

/** Reads a wide result with the cheapest client there is, so that server and gateway are what is measured. */
export async function wideReader(
  endpoint: Endpoint,
): Promise<{ read(sql: string): Promise<number>; close(): void }> {
  const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true })
  let waiting: { resolve: (bytes: number) => void; reject: (error: Error) => void } | undefined
  let bytes = 0
  let tail = Buffer.alloc(0)
  let scram: ((type: number, body: Buffer) => void) | undefined
  socket.on('error', (error) => waiting?.reject(error))
  socket.on('data', (chunk) => {
    bytes += chunk.length
    if (scram !== undefined) return frames(chunk)
    // ReadyForQuery is the last message of an answer: six bytes, and nothing follows it here.
    tail = Buffer.concat([tail.subarray(-6), chunk.subarray(-6)])
    if (tail.subarray(-6, -1).equals(readyForQuery)) done()
  })

  function done(): void {
    const settle = waiting
    waiting = undefined
    settle?.resolve(bytes)
  }

  let buffered = Buffer.alloc(0)
  function frames(chunk: Buffer): void {
    buffered = Buffer.concat([buffered, chunk])
    while (buffered.length >= 5) {
      const end = buffered.readUInt32BE(1) + 1
      if (buffered.length < end) return
      const [type, body] = [buffered[0] ?? 0, buffered.subarray(5, end)]
      buffered = buffered.subarray(end)
      scram?.(type, body)
    }
  }

  await new Promise<void>((resolve, reject) => {
    waiting = { resolve: () => resolve(), reject }
    scram = (type, body) => {
      if (type === 0x45) reject(new Error(body.toString('utf8').replaceAll('\0', ' ')))
      if (type === 0x52 && body.readUInt32BE(0) === 3) socket.write(message('p', `${endpoint.password}\0`))
      if (type === 0x52 && body.readUInt32BE(0) > 3)
        reject(new Error('the benchmark wants trust or cleartext authentication'))
      if (type === 0x5a) {
        scram = undefined
        done()
      }
    }
    const startup = Buffer.from(`\0\x03\0\0user\0${endpoint.user}\0database\0${endpoint.database}\0\0`)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(startup.length + 4)
    socket.write(Buffer.concat([length, startup]))
  })

  return {
    read: (sql) =>
      new Promise((resolve, reject) => {
        bytes = 0
        waiting = { resolve, reject }
        socket.write(message('Q', `${sql}\0`))
      }),
    close: () => socket.end(Buffer.from([0x58, 0, 0, 0, 4])),
  }
}

const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5])

function message(type: string, body: string): Buffer {
  const payload = Buffer.from(body)
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeUInt32BE(payload.length + 4, 1)
  return Buffer.concat([head, payload])
}
