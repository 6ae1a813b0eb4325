import { actionSummary, GenerationCache, recordedActions } from '@sluice/core'

/** Of one generation of remembered texts: applications say the same few things again and again. */
const textsMax = 1_000
const charsMax = 4_000_000

/** Turns recorded actions (JSON) into their names and what they touch, one action a line. */
export function summaries(): (actions: string) => string {
  const known = new GenerationCache<string>(textsMax, charsMax)
  return (actions) => {
    const remembered = known.get(actions)
    if (remembered !== undefined) return remembered
    const text = recordedActions(actions).map(actionSummary).join('\n')
    known.set(actions, text, text.length)
    return text
  }
}
