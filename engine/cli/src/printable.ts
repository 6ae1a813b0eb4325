/**
 * A name from the log or from a server may hold control characters, line breaks or marks that reverse the direction
 * of text: a terminal must never obey them.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16) ?? ''}}`,
  )
}

/** The same of what stands on several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n')
}
