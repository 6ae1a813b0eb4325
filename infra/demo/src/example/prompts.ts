/** What a user asks a language model, and what there is to see in how it goes. */
export interface Prompt {
  readonly ask: string
  readonly model: string
  readonly why: string
}

const model = 'gpt-4o-mini'

export const prompts: readonly Prompt[] = [
  {
    ask: 'Tell ana@example.com that the card 4111 1111 1111 1111 was declined.',
    model,
    why: 'Allowed. The rule masks/prompts masked the address and the card on their way: the provider never had them.',
  },
  {
    ask: 'How do I get into the sandbox?',
    model,
    why: 'Allowed. The key came token by token, each of them harmless; the rule masks/findings masked it as it streamed.',
  },
  {
    ask: 'How do I get into the sandbox?',
    model: 'mistral-large',
    why: 'Denied. The data of the policies names the models that are open to a role; the provider heard nothing.',
  },
]
