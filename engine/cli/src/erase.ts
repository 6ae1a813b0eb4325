import type { ErasureRequest, ErasureResult } from '@sluice/api'
import type { Clock, Ids } from '@sluice/core'
import { eraseContent, StillOpenError, type Log, type Selector } from '@sluice/journal'

/** What the API asks for, done to the log. */
export async function erase(
  request: ErasureRequest,
  by: string,
  ports: { readonly log: Log; readonly clock: Clock; readonly ids: Ids },
): Promise<ErasureResult> {
  try {
    const erased = await eraseContent(ports, selectorOf(request), {
      by,
      reason: request.reason.toWellFormed(),
    })
    return { kind: 'erased', ...erased }
  } catch (error) {
    if (error instanceof StillOpenError) return { kind: 'open', sessions: error.sessions }
    throw error
  }
}

function selectorOf({ session, subject, label = '' }: ErasureRequest): Selector {
  if (session !== undefined) return { kind: 'session', session }
  if (subject !== undefined) return { kind: 'subject', subject }
  const [name = '', ...value] = label.split('=')
  return { kind: 'label', name, value: value.join('=') }
}
