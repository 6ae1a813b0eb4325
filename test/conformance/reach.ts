/** Settings that decide what a text means: the gateway parses by one value of them, so no twin may have another. */
const pinnedSettings = /\b(standard_conforming_strings|client_encoding|set\s+names)\b/i
const changes = /\b(set|reset|set_config|discard)\b|\\encoding/i

/** Would it, if it were run, change what the gateway takes for granted? */
export function isPinned(statement: string): boolean {
  return pinnedSettings.test(statement) && changes.test(statement)
}

/** Servers that share their folders would find each other's files. */
export function bindsFiles(statement: string): boolean {
  return statement.includes('/results/') || /\blo_(im|ex)port\b/i.test(statement)
}
