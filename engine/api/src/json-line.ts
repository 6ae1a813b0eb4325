/**
 * One value as a line of JSON. Characters that a terminal obeys, or that turn the direction of text, are escaped: who
 * prints the line as it is shows nothing that is not there.
 */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)}\n`
}

function escaped(char: string): string {
  return Array.from({ length: char.length }, (_, index) => unit(char.charCodeAt(index))).join('')
}

function unit(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`
}
