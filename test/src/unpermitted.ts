import type { Message } from './message.ts'

const refusedText = 'sluice refused this statement'

/**
 * May the gateway send this to a target without a Permit? Written down here a second time, so that a message that
 * is added to the adapter's own list is seen: nothing of a request may be in any of them, but for the name in a Close
 * or an added Describe.
 */
export function isUnpermitted({ type, body }: Message): boolean {
  const text = body.toString('latin1')
  switch (type) {
    case 'S':
    case 'H':
    case 'X':
      return text === ''
    case 'Q':
      return text === `${refusedText}\0`
    case 'P':
      return text === `\0${refusedText}\0\0\0` || text === `sluice_refused\0${refusedText}\0\0\0`
    case 'f':
      return text === 'the client went away\0'
    case 'C':
      return /^[SP][^\0]{0,63}\0$/.test(text)
    case 'D':
      return /^P[^\0]{0,63}\0$/.test(text)
    // The login: a password, or one of the two messages of SCRAM.
    case 'p':
      return true
    default:
      return false
  }
}
