import { parentPort } from 'node:worker_threads'
import { refusal } from '@sluice/core'
import { parseHere, parserReady, type Parsed } from './parse.ts'
import { sqlLimits } from './limits.ts'

/** Answers each text with what libpg_query makes of it. */
parentPort?.on('message', (text: string) => parentPort?.postMessage(bounded(parseHere(text))))
parentPort?.postMessage(parserReady)

/** Objects and lists around one level of the grammar. */
const valuesPerLevel = 6

/** A tree too large or too deep to be analysed is not even copied to the thread that would analyse it. */
function bounded(parsed: Parsed): Parsed {
  if (parsed.kind === 'refused' || fits(parsed.tree)) return parsed
  return {
    kind: 'refused',
    refusal: refusal(
      'too_large',
      'adapter/limits',
      'The statement has too many parts to be analysed.',
      '54001',
    ),
  }
}

/** Level by level, without recursion: the tree's depth is the caller's. */
function fits(tree: unknown): boolean {
  let nodes = 0
  let level: unknown[] = [tree]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > sqlLimits.statementDepthMax * valuesPerLevel) return false
    const next: unknown[] = []
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue
      if (!Array.isArray(value) && ++nodes > sqlLimits.statementNodesMax) return false
      for (const child of Object.values(value)) next.push(child)
    }
    level = next
  }
  return true
}
