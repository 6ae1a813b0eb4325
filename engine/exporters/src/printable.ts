import { limits } from '@sluice/core'

/** What a receiver said, on one line that shows what it is, and not more than is useful. */
export function printable(text: string): string {
  const line = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  })
  const { exportReasonCharsMax } = limits
  return line.length <= exportReasonCharsMax ? line : `${line.slice(0, exportReasonCharsMax - 1)}…`
}
