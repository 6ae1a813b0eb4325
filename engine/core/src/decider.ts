import type { EventData, NewEvent, EventType } from './events.ts'

/**
 * The life of one exchange as a decider: `decide` says which events a command means in a state, `evolve` folds
 * them. Pure, so that the log alone tells where an exchange stands: one that was decided and never completed is
 * `running` at the end of its stream, and recovery reports its outcome as unknown.
 */
export type ExchangeState =
  | { readonly kind: 'new' }
  | { readonly kind: 'held'; readonly decision: string }
  | { readonly kind: 'running'; readonly decision: string }
  | { readonly kind: 'refused'; readonly decision: string }
  | { readonly kind: 'closed'; readonly outcome: string }

export const initialState: ExchangeState = { kind: 'new' }

export type ExchangeCommand =
  | {
      readonly kind: 'judge'
      readonly received: EventData['RequestReceived']
      readonly decided: EventData['DecisionMade']
      readonly content: Uint8Array
    }
  /** Judged once more, after people have been asked. */
  | { readonly kind: 'settle'; readonly decided: EventData['DecisionMade'] }
  | { readonly kind: 'skip'; readonly received: EventData['RequestReceived']; readonly content: Uint8Array }
  | {
      readonly kind: 'complete'
      readonly completed: EventData['ResponseCompleted']
      readonly answer: Uint8Array | undefined
    }
  | { readonly kind: 'abandon'; readonly exchange: string; readonly session: string; readonly reason: string }

/** An event before it has an id and a time. */
export type EventBody = {
  readonly [T in EventType]: { readonly type: T; readonly data: EventData[T]; readonly sealed?: Uint8Array }
}[EventType]

export function decide(command: ExchangeCommand, state: ExchangeState): readonly [EventBody, ...EventBody[]] {
  switch (command.kind) {
    case 'judge':
      expect(state, ['new'], command)
      return [
        { type: 'RequestReceived', data: command.received, sealed: command.content },
        { type: 'DecisionMade', data: command.decided },
      ]
    case 'settle':
      expect(state, ['held'], command)
      return [{ type: 'DecisionMade', data: command.decided }]
    case 'skip':
      expect(state, ['new'], command)
      return [
        { type: 'RequestReceived', data: command.received, sealed: command.content },
        {
          type: 'ExchangeAbandoned',
          data: {
            session: command.received.session,
            exchange: command.received.exchange,
            reason: 'an earlier request of its batch was refused',
          },
        },
      ]
    case 'complete':
      expect(state, ['running'], command)
      return [
        command.answer === undefined
          ? { type: 'ResponseCompleted', data: command.completed }
          : { type: 'ResponseCompleted', data: command.completed, sealed: command.answer },
      ]
    case 'abandon':
      expect(state, ['running', 'held'], command)
      return [
        {
          type: 'ExchangeAbandoned',
          data: { session: command.session, exchange: command.exchange, reason: command.reason },
        },
      ]
  }
}

export function evolve(
  state: ExchangeState,
  event: Pick<NewEvent, 'type' | 'data'> | EventBody,
): ExchangeState {
  const body = event as EventBody
  switch (body.type) {
    case 'DecisionMade':
      return { kind: fates[body.data.effect], decision: body.data.decision }
    case 'ResponseCompleted':
      return { kind: 'closed', outcome: body.data.outcome }
    case 'ExchangeAbandoned':
      return { kind: 'closed', outcome: 'abandoned' }
    default:
      return state
  }
}

const fates = { allow: 'running', deny: 'refused', hold: 'held' } as const

function expect(
  state: ExchangeState,
  kinds: readonly ExchangeState['kind'][],
  command: ExchangeCommand,
): void {
  if (!kinds.includes(state.kind)) throw new Error(`${command.kind} on an exchange that is ${state.kind}`)
}
