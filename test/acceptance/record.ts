import type { RecordedEvent } from '@sluice/core'

export interface RecordedRefusal {
  readonly rule: string
  readonly actions: string
  readonly verdicts: string
}

/** How a decision says that the statement is no valid one: the server would have refused it too. */
const misread = /The request is not valid \(\w{5}\)/

/** Every decision against a valid statement of a subject, with what was asked. */
export function refusalsOf(events: readonly RecordedEvent[], subject: string): readonly RecordedRefusal[] {
  const sessions = new Set<string>()
  const actions = new Map<string, string>()
  const found: RecordedRefusal[] = []
  for (const event of events)
    switch (event.type) {
      case 'SessionOpened':
        if (event.data.subject.id === subject) sessions.add(event.data.session)
        break
      case 'RequestReceived':
        actions.set(event.data.exchange, event.data.actions)
        break
      case 'DecisionMade': {
        const { session, exchange, effect, rule, verdicts } = event.data
        if (effect !== 'allow' && sessions.has(session) && !misread.test(verdicts))
          found.push({ rule, actions: actions.get(exchange) ?? '', verdicts })
        break
      }
      default:
    }
  return found
}
