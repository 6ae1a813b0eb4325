/** Whose API a target speaks. */
export type Profile = 'openai' | 'anthropic'

/** What is asked of a language model; a closed list. */
export type Operation = 'chat' | 'responses' | 'completions' | 'embeddings' | 'messages' | 'count_tokens'

export interface Route {
  readonly operation: Operation
  /** Named by the path instead of by the body. */
  readonly deployment: string | null
}

const operations: { readonly [Of in Profile]: ReadonlyMap<string, Operation> } = {
  openai: new Map<string, Operation>([
    ['chat/completions', 'chat'],
    ['responses', 'responses'],
    ['completions', 'completions'],
    ['embeddings', 'embeddings'],
  ]),
  anthropic: new Map<string, Operation>([
    ['messages', 'messages'],
    ['messages/count_tokens', 'count_tokens'],
  ]),
}

/** With the ways by which OpenAI, Azure, OpenRouter and what speaks like them are reached; the version may be in `base_path`. */
const form = /^(?:\/openai\/deployments\/(?<deployment>[\w.~-]+)|\/v1|\/openai\/v1|\/api\/v1)?\/(?<name>.+)$/

/** `undefined`: a path of which the profile knows nothing. */
export function routeOf(profile: Profile, method: string, path: string): Route | undefined {
  const { name, deployment } = form.exec(path)?.groups ?? {}
  const operation = method === 'POST' && name !== undefined ? operations[profile].get(name) : undefined
  if (operation === undefined) return undefined
  return { operation, deployment: deployment ?? null }
}
