import type { CancelKey } from '@sluice/core'
import type { LoggedIn } from './login.ts'
import { back } from './messages.ts'
import { frame, int32 } from './wire.ts'

/** What a client hears when it is let in: AuthenticationOk, what the server said of itself, our own cancel key, ReadyForQuery. */
export function greeting(
  { parameters }: Pick<LoggedIn, 'parameters'>,
  { id, secret }: CancelKey,
): readonly Buffer[] {
  return [
    frame(back.authentication, int32(0)),
    ...[...parameters].map(([name, value]) =>
      frame(back.parameterStatus, Buffer.from(`${name}\0${value}\0`)),
    ),
    frame(back.backendKeyData, int32(id), Buffer.from(secret, 'hex')),
    frame(back.readyForQuery, Buffer.from('I')),
  ]
}
