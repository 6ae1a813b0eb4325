import type {
  AnswerPart,
  ApprovalStep,
  CompletedStep,
  ContentState,
  DecisionStep,
  RequestStep,
  Step,
} from './api/steps.ts'

type At<S> = S & { readonly at: string }

/** One exchange of a recording, put together from its steps. */
export interface ReplayedExchange {
  readonly kind: 'exchange'
  readonly at: string
  readonly exchange: string
  readonly request: At<RequestStep> | null
  /** A hold and its release are two. */
  readonly decisions: readonly At<DecisionStep>[]
  readonly approvals: readonly At<ApprovalStep>[]
  readonly sent: Content
  readonly seen: Content
  readonly completed: At<CompletedStep> | null
  readonly abandoned: string | null
  readonly alarms: readonly string[]
}

/** What streamed one way, in the pieces in which it came. */
export interface Content {
  readonly state: ContentState
  readonly parts: readonly { readonly at: string; readonly part: AnswerPart }[]
}

/** Something that is of the session and not of one exchange. */
export interface ReplayedNote {
  readonly kind: 'note'
  readonly at: string
  readonly step: Step
}

export type Replayed = ReplayedExchange | ReplayedNote

/** Puts steps together as they come. What it has told of an exchange it tells anew when more of it is known. */
export class Replay {
  readonly #items: Replayed[] = []
  readonly #places = new Map<string, number>()

  /** In the order in which they began. */
  get items(): readonly Replayed[] {
    return this.#items
  }

  take(step: Step): void {
    switch (step.step) {
      case 'request':
        return this.#change(step, () => ({ request: step }))
      case 'decision':
        return this.#change(step, ({ decisions }) => ({ decisions: [...decisions, step] }))
      case 'approval':
        return this.#change(step, ({ approvals }) => ({ approvals: [...approvals, step] }))
      case 'body':
        return this.#change(step, ({ sent }) => ({ sent: more(sent, step) }))
      case 'answer':
        return this.#change(step, ({ seen }) => ({ seen: more(seen, step) }))
      case 'completed':
        return this.#change(step, () => ({ completed: step }))
      case 'abandoned':
        return this.#change(step, () => ({ abandoned: step.reason }))
      case 'alarm':
        return this.#change(step, ({ alarms }) => ({ alarms: [...alarms, step.rules] }))
      default:
        this.#items.push({ kind: 'note', at: step.at, step })
    }
  }

  #change(
    { at, exchange }: { readonly at: string; readonly exchange: string },
    change: (before: ReplayedExchange) => Partial<ReplayedExchange>,
  ): void {
    const place = this.#places.get(exchange) ?? this.#items.length
    const found = this.#items[place]
    const before = found?.kind === 'exchange' ? found : begun(exchange, at)
    this.#places.set(exchange, place)
    this.#items[place] = { ...before, ...change(before) }
  }
}

function begun(exchange: string, at: string): ReplayedExchange {
  const nothing: Content = { state: 'none', parts: [] }
  return {
    kind: 'exchange',
    at,
    exchange,
    request: null,
    decisions: [],
    approvals: [],
    sent: nothing,
    seen: nothing,
    completed: null,
    abandoned: null,
    alarms: [],
  }
}

interface Came {
  readonly at: string
  readonly content: ContentState
  readonly parts: readonly AnswerPart[]
}

/** What is not whole stays so, whatever else comes. */
function more({ state, parts }: Content, { at, content, parts: came }: Came): Content {
  const whole = state === 'none' || state === 'shown'
  const next = content === 'none' || !whole ? state : content
  return { state: next, parts: [...parts, ...came.map((part) => ({ at, part }))] }
}
