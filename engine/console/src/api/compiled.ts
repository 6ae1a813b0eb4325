import { send } from './client.ts'

let last: Promise<unknown> = Promise.resolve()

/** Something for which the gateway compiles policies: it does so for one request at a time, so a page waits for itself. */
export function compiled<T>(path: string, body: object): Promise<T> {
  const next = last.then(() => send<T>('POST', path, body))
  last = next.catch(() => {})
  return next
}
