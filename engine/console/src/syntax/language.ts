import { httpTokens } from './http.ts'
import { jsonTokens } from './json.ts'
import { regoTokens } from './rego.ts'
import { shellTokens } from './shell.ts'
import { sqlTokens } from './sql.ts'
import type { Token } from './tokens.ts'

export type Language = 'sql' | 'http' | 'shell' | 'rego' | 'json' | 'plain'

/** Longer texts are read rather than looked at, and colouring them would take long. */
const colouredCharsMax = 65_536

export function tokensIn(text: string, language: Language): readonly Token[] {
  if (text.length > colouredCharsMax) return [{ kind: 'plain', text }]
  switch (language) {
    case 'sql':
      return sqlTokens(text)
    case 'http':
      return httpTokens(text)
    case 'shell':
      return shellTokens(text)
    case 'rego':
      return regoTokens(text)
    case 'json':
      return jsonTokens(text)
    case 'plain':
      return [{ kind: 'plain', text }]
  }
}

/** By the action that is asked for, e.g. `sql.delete`, or the protocol of a target. */
export function languageOf(actionOrProtocol: string): Language {
  if (/^(sql\.|postgres)/.test(actionOrProtocol)) return 'sql'
  if (/^(http|llm|mcp)/.test(actionOrProtocol)) return 'http'
  if (actionOrProtocol.startsWith('ssh')) return 'shell'
  return 'plain'
}
