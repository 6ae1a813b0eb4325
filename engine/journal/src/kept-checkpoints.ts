import { createReadStream } from 'node:fs'
import { findingsMax, type Finding } from './inspector.ts'
import { statementIn, type Statement } from './statement.ts'

/** Lines that an outlet kept, as somebody brings them back to compare the log with. */
export interface KeptCheckpoints {
  /** The file, for people. */
  readonly name: string
  readonly lines: AsyncIterable<string>
}

/** The file that an outlet filled. */
export function keptInFile(file: string): KeptCheckpoints {
  return { name: file, lines: wholeLines(file) }
}

/** An outlet may be about to write the last one. */
async function* wholeLines(file: string): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of createReadStream(file, 'utf8') as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

export interface CheckpointReader {
  /** The one in question, as statements name it. */
  readonly log: string
  readonly publicKey: Uint8Array | null
  readonly take: (statement: Statement) => void
}

/**
 * Hands on what was signed about this log. A line that was not signed with the key, and a file that says nothing about
 * this log, are findings: it was to be relied upon.
 */
export async function readCheckpoints(
  { name, lines }: KeptCheckpoints,
  { log, publicKey, take }: CheckpointReader,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const note = (offset: number, what: string): void => {
    if (findings.length < findingsMax) findings.push({ segment: name, offset, stream: null, seq: null, what })
  }
  let [number, offset, taken] = [0, 0, 0]
  for await (const line of lines) {
    const statement = publicKey === null ? null : statementIn(line, publicKey)
    number += 1
    if (statement === null) note(offset, `line ${number} is no checkpoint that this log’s gateways signed`)
    if (statement?.log === log) {
      take(statement)
      taken += 1
    }
    offset += Buffer.byteLength(line) + 1
  }
  if (taken === 0) note(offset, 'no checkpoint of this log is in this file')
  return findings
}
