import type { ErasureResult } from '@sluice/api'
import type { Because, Selector } from '@sluice/core'
import { eraseContent, HeldError, StillOpenError, type DestroyPorts } from '@sluice/journal'

/** What the API asks for, done to the log. */
export async function erase(
  selector: Selector,
  because: Because,
  ports: DestroyPorts,
): Promise<ErasureResult> {
  try {
    return { kind: 'erased', ...(await eraseContent(ports, selector, because)) }
  } catch (error) {
    if (error instanceof StillOpenError) return { kind: 'open', sessions: error.sessions }
    if (error instanceof HeldError) return { kind: 'held', holds: error.holds }
    throw error
  }
}
