import type { Duplex } from 'node:stream'
import {
  byToken,
  limits,
  passwordRefused,
  Refused,
  type Gate,
  type Proof,
  type ScramVerifier,
} from '@sluice/core'
import { takeMessage } from './frames.ts'
import { passwordOf } from './hello.ts'
import { back, front } from './messages.ts'
import { receive, type Receiver } from './receiver.ts'
import { challenge, mechanism, verified } from './scram-server.ts'
import { cstring, Cursor, frame, headerBytes, int32, ProtocolViolation } from './wire.ts'

/** By what a client has shown who it is, and what it must hear once it is let in. */
export interface Shown {
  readonly proof: Proof
  readonly answer: Buffer | null
}

/** Refused before the gate was asked, so it is told. */
export class TurnedAway extends Refused {}

/** Of AuthenticationRequest. */
const cleartextPassword = 3
const sasl = 10
const saslContinue = 11
const saslFinal = 12

/**
 * Asks for a token as the password, or, where the user name is the id of a minted one, for a proof by SCRAM-SHA-256 that
 * the client knows it. `undefined`: the client has gone. Throws `ProtocolViolation`, and `TurnedAway` for a proof that is wrong.
 */
export async function askedFor(
  user: string,
  receiver: Receiver,
  client: Duplex,
  gate: Pick<Gate<never>, 'verifier'>,
): Promise<Shown | undefined> {
  const verifier = gate.verifier(user)
  if (verifier !== undefined) return provenBy(user, verifier, receiver, client)
  client.write(frame(back.authentication, int32(cleartextPassword)))
  const message = await passwordMessage(receiver)
  return message === undefined ? undefined : { proof: byToken(passwordOf(message)), answer: null }
}

/** Nothing of it tells whether there is such an id: each has a verifier, and a wrong proof is all that is ever said. */
async function provenBy(
  id: string,
  verifier: ScramVerifier,
  receiver: Receiver,
  client: Duplex,
): Promise<Shown | undefined> {
  client.write(frame(back.authentication, int32(sasl), cstring(mechanism), cstring('')))
  const first = await passwordMessage(receiver)
  if (first === undefined) return undefined
  const asked = challenge(new Cursor(first, headerBytes), verifier)
  client.write(frame(back.authentication, int32(saslContinue), Buffer.from(asked.text)))
  const final = await passwordMessage(receiver)
  if (final === undefined) return undefined
  const answer = verified(final.subarray(headerBytes).toString('latin1'), asked, await verifier.keys())
  if (answer === null) throw new TurnedAway(passwordRefused)
  return {
    proof: { kind: 'password', id },
    answer: frame(back.authentication, int32(saslFinal), Buffer.from(answer)),
  }
}

async function passwordMessage(receiver: Receiver): Promise<Buffer | undefined> {
  const message = await receive(receiver, (buffer) => takeMessage(buffer, limits.helloBytesMax))
  if (message !== undefined && message[0] !== front.password)
    throw new ProtocolViolation('expected password response')
  return message
}
