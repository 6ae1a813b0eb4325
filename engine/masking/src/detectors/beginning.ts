/**
 * Where a word may begin, as the source of a pattern: not within another. The letter of an escaped line break or tab is
 * no part of a word, since texts are also searched as they stand in JSON and in source code.
 */
export const beginning: string = String.raw`(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))`
