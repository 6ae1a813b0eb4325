import { limits, visible } from '@sluice/core'

/**
 * A text of somebody's request as one line of a notice: nothing unseen in it, no line break with which it could
 * pretend to be another line, and not longer than people read. What is cut off is counted.
 */
export function lineOf(text: string, max: number = limits.noticeTextCharsMax): string {
  const chars = Array.from(visible(text).replaceAll(/\s+/g, ' ').trim())
  if (chars.length <= max) return chars.join('')
  const mark = ` ⟨cut, ${chars.length} characters⟩`
  return `${chars.slice(0, Math.max(0, max - mark.length)).join('')}${mark}`
}
