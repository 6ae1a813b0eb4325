import { Agent, request as send } from 'undici'
import type { Json } from '@sluice/core'
import { isObject } from '../strict-json.ts'
import { SecretError } from './reference.ts'

/** Whoever keeps secrets answers within this time, or has not answered. */
const answerMs = 5_000
/** Secrets are small; a manager that sends more is none. */
const answerBytesMax = 262_144

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  /** Objects are sent as JSON, parameters as a form, text as it is. */
  readonly body?: string | URLSearchParams | Readonly<Record<string, unknown>>
}

export interface Answer {
  readonly status: number
  /** `null`: not an object of JSON. */
  readonly json: Readonly<Record<string, unknown>> | null
  readonly text: string
}

/** A connection to one manager: in bounded time, bounded in size, and never redirected with a secret in hand. */
export class Requests {
  readonly #agent: Agent

  /** `ca`: PEM of the authorities that sign its certificate; `undefined`: those that the system trusts. */
  constructor(ca?: string) {
    this.#agent = new Agent({
      maxResponseSize: answerBytesMax,
      connect: { timeout: answerMs, ...(ca === undefined ? {} : { ca }) },
    })
  }

  async ask(url: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> {
    const { text: sent, type } = encoded(body)
    try {
      const answer = await send(url, {
        method,
        headers: { accept: 'application/json', ...type, ...headers },
        body: sent,
        dispatcher: this.#agent,
        signal: AbortSignal.timeout(answerMs),
      })
      const text = await answer.body.text()
      return { status: answer.statusCode, text, json: objectIn(text) }
    } catch (error) {
      throw new SecretError(`${new URL(url).origin} ${whyNot(error)}`, { cause: error })
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }
}

function encoded(body: Asked['body']): {
  readonly text: string | null
  readonly type: Record<string, string>
} {
  if (body === undefined) return { text: null, type: {} }
  if (typeof body === 'string') return { text: body, type: {} }
  if (body instanceof URLSearchParams)
    return { text: body.toString(), type: { 'content-type': 'application/x-www-form-urlencoded' } }
  return { text: JSON.stringify(body), type: { 'content-type': 'application/json' } }
}

/** An error's code is of a closed list; its words may quote what was sent. */
function whyNot(error: unknown): string {
  const { name, code } = error as { readonly name?: string; readonly code?: unknown }
  if (name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT')
    return `does not answer within ${answerMs} ms`
  return `cannot be reached (${typeof code === 'string' ? code : 'no reason given'})`
}

export function objectIn(text: string): Answer['json'] {
  try {
    const value = JSON.parse(text) as Json
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

/** The object in a field, or an empty one. */
export function within(of: unknown, field: string): Readonly<Record<string, unknown>> {
  const value = typeof of === 'object' && of !== null ? (of as Record<string, unknown>)[field] : undefined
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}
