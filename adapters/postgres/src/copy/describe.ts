import { cstring, frame } from '../wire.ts'
import { back, front } from '../messages.ts'
import { sync } from '../constants.ts'
import type { Message } from '../exchange.ts'
import type { Expected } from '../flight.ts'
import type { Mask } from '../mask.ts'

/** A prepared statement of the gateway's own; no client has one of that name (`SessionContext.refusesName`). */
export const copiedName = 'sluice_copied'

function unseen(): void {}

/**
 * The messages of an exchange that runs a COPY, and before it, in the same transaction, the question what it will hand
 * out: the answer to COPY itself does not tell. Its locks stay until the end of that, so that nothing changes in
 * between. The query is only prepared, never executed.
 */
export function withDescription(messages: readonly Message[], query: Buffer, mask: Mask): readonly Message[] {
  return messages.flatMap((message) => {
    if (message.executes !== undefined) return [...question(query, mask), message]
    // A Query does not end what began before it: a Sync does, and makes up for a question that failed.
    return message.expected.kind === 'query' ? [...question(query, mask), message, end] : [message]
  })
}

function question(query: Buffer, mask: Mask): readonly Message[] {
  const described = (answer: Buffer): void => {
    if (answer[0] !== back.parameterDescription) mask.describeHidden(answer)
  }
  return [
    // An answer that was cut may have left one.
    close,
    own(frame(front.parse, name, query, noText, noTypes), { kind: 'parse', hidden: unseen }),
    own(frame(front.describe, statement), { kind: 'describe', hidden: described }),
    close,
  ]
}

function own(bytes: Buffer, expected: Expected): Message {
  return { bytes, expected, governed: false }
}

const name = cstring(copiedName)
const statement = Buffer.concat([Buffer.from('S'), name])
const noText = Buffer.alloc(1)
const noTypes = Buffer.alloc(2)
const close = own(frame(front.close, statement), { kind: 'close', hidden: unseen })
const end = own(sync, { kind: 'sync', hidden: unseen })
