import type { Refusal } from './errors.ts'
import { limits } from './limits.ts'

/** Of a request that was performed while its decision was on its way into the log, where that then did not arrive. */
export const answerRule = 'sluice/log_answer'

/**
 * The one line that a caller reads, and usually all that a language model sees of a refusal: the reason, what to
 * do, and the reference to quote. A model told only "error" rewrites its query and tries again, so a denial says
 * that it is final.
 */
export function worded(refusal: Refusal, reference: string | null): Refusal {
  const ref = reference === null ? '' : ` (ref ${reference})`
  return { ...refusal, reference, message: sentence(refusal, ref) }
}

function sentence(refusal: Refusal, ref: string): string {
  if (refusal.native !== undefined) return oneLine(refusal.message)
  switch (refusal.code) {
    case 'denied':
    case 'policy_error':
      return fit(
        `Access denied by policy "${refusal.rule}"${ref}: ${stop(oneLine(refusal.message))}`,
        ' This is final, not a syntax error: do not retry or rewrite this query.',
      )
    case 'pending':
      return fit(
        `Approval required${ref}: ${stop(oneLine(refusal.message))}`,
        ' A person has been asked; nothing was executed. Do not rewrite this query: once it is approved, run the same one again.',
      )
    case 'log_unavailable': {
      const so = refusal.rule === answerRule ? 'its answer is withheld' : 'it was not executed'
      return `Sluice cannot record this request now, so ${so}${ref}. Try again later.`
    }
    case 'malformed':
    case 'too_large':
    case 'too_many':
    case 'token_refused':
    case 'token_expired':
    case 'target_unknown':
    case 'target_unreachable':
    case 'recogniser_unavailable':
    case 'cancelled':
    case 'draining':
    case 'internal':
      return fit(oneLine(refusal.message), ref)
  }
}

/** Keeps the tail, which says what to do, and shortens the reason before it. */
function fit(head: string, tail: string): string {
  const room = limits.refusalMessageCharsMax - tail.length
  return (head.length <= room ? head : `${head.slice(0, room - 1)}…`) + tail
}

function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim()
}

function stop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
