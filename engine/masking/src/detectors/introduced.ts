/** So far before a value what introduces it may begin; whoever reads in pieces keeps as much of what went before. */
export const contextChars = 64

/** Whether what stands directly before `start` says what follows; `words` ends with `$`. */
export function introduced(text: string, start: number, words: RegExp): boolean {
  return words.test(text.slice(Math.max(0, start - contextChars), start))
}
