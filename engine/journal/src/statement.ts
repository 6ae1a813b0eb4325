import type { EventData } from '@sluice/core'
import { verifySignature, type Signer } from './keys.ts'

/** What a gateway says of how far it wrote the log, for somebody outside to keep. */
export interface Statement extends Readonly<EventData['CheckpointSigned']> {
  readonly kind: typeof statementKind
  /** Which of the logs that are signed with this key: on Kafka the name of its audit topic. */
  readonly log: string
  /** Milliseconds since 1970. */
  readonly time: number
}

/** In what is signed, so that a signature of anything else never fits. */
export const statementKind = 'sluice.checkpoint.v1'
/** The log in a folder, of which a key has one. */
export const embeddedLog = 'embedded'

/**
 * One line of JSON: `{"checkpoint":{…},"signature":"…"}`. The signature is Ed25519, in Base64, of the UTF-8 bytes of the
 * checkpoint as they stand there.
 */
export function signedLine(statement: Statement, signer: Signer): string {
  const signature = Buffer.from(signer.sign(signedBytes(statement))).toString('base64')
  return JSON.stringify({ checkpoint: statement, signature })
}

/** `null` when the line is not what a gateway with this key has signed. */
export function statementIn(line: string, publicKey: Uint8Array): Statement | null {
  const read = parsed(line)
  if (read === null) return null
  const { checkpoint, signature } = read
  if (!verifySignature(publicKey, signedBytes(checkpoint), Buffer.from(signature, 'base64'))) return null
  return checkpoint.kind === statementKind ? checkpoint : null
}

function signedBytes(statement: Statement): Buffer {
  return Buffer.from(JSON.stringify(statement))
}

/** Its shape is the gateway's word, and as good as the signature. */
function parsed(line: string): { readonly checkpoint: Statement; readonly signature: string } | null {
  try {
    const read = JSON.parse(line) as { readonly checkpoint?: Statement; readonly signature?: unknown } | null
    if (typeof read?.checkpoint !== 'object' || typeof read.signature !== 'string') return null
    return { checkpoint: read.checkpoint, signature: read.signature }
  } catch {
    return null
  }
}
