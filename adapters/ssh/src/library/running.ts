import type { ClientChannel } from 'ssh2'

/** What the library keeps to itself of a channel to the target. */
export interface Inner {
  readonly outgoing: { readonly id: number; readonly state: string }
  readonly _client: {
    readonly _protocol: {
      signal(channel: number, name: string): void
      windowChange(channel: number, rows: number, columns: number, height: number, width: number): void
    }
  }
}

/**
 * Tells a program what is no part of its streams. The library does so only until the program's input has ended, which
 * says nothing of the program: most commands get none, and must be stopped all the same.
 */
export function signal(channel: ClientChannel, name: string): void {
  const { outgoing, _client } = channel as unknown as Inner
  if (isOpen(outgoing)) _client._protocol.signal(outgoing.id, name)
}

/** The terminal has another size. */
export function resize(channel: ClientChannel, columns: number, rows: number): void {
  const { outgoing, _client } = channel as unknown as Inner
  if (isOpen(outgoing)) _client._protocol.windowChange(outgoing.id, rows, columns, 0, 0)
}

function isOpen({ state }: Inner['outgoing']): boolean {
  return state === 'open' || state === 'eof'
}
