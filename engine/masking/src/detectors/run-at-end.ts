/** Where the last characters of a text that are all of the class begin: as many as there are, up to `charsMax`. */
export function runAtEnd(text: string, character: RegExp, charsMax: number): number {
  const first = Math.max(0, text.length - charsMax)
  let start = text.length
  while (start > first && character.test(text.charAt(start - 1))) start--
  return start
}
