import { learnTime } from '../clock.ts'
import { csrf, signedOut } from '../who.ts'
import { queryText } from '../query.ts'

/** What the gateway says when it does not do what it is asked (RFC 9457). */
export class Problem extends Error {
  /** 0: it could not be reached. */
  readonly status: number
  readonly code: string
  /** What else was told, e.g. which parts of a request are wrong. */
  readonly more: Readonly<Record<string, unknown>>

  constructor(status: number, code: string, detail: string, more: Problem['more'] = {}) {
    super(detail)
    this.name = 'Problem'
    this.status = status
    this.code = code
    this.more = more
  }
}

export type Parameters = Readonly<Record<string, string | number | boolean | undefined>>

export async function get<T>(path: string, parameters: Parameters = {}, signal?: AbortSignal): Promise<T> {
  const response = await ask(path + textOf(parameters), signal === undefined ? {} : { signal })
  return (await response.json()) as T
}

export async function send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body: object): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  const response = await ask(path, { method, body: JSON.stringify(body), headers })
  return (await response.json()) as T
}

/** A stream of lines or server-sent events as it comes. */
export async function* streamed(
  path: string,
  parameters: Parameters,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { body } = await ask(path + textOf(parameters), { signal })
  if (body === null) return
  const decoder = new TextDecoder()
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield decoder.decode(value, { stream: true })
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** JSON lines, each as soon as it is whole. */
export async function* lines<T>(
  path: string,
  parameters: Parameters,
  signal: AbortSignal,
): AsyncGenerator<T> {
  let pending = ''
  for await (const text of streamed(path, parameters, signal)) {
    const [...whole] = (pending + text).split('\n')
    pending = whole.pop() ?? ''
    for (const line of whole) if (line !== '') yield JSON.parse(line) as T
  }
  if (pending !== '') yield JSON.parse(pending) as T
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, {
    ...init,
    headers: { ...init.headers, 'x-sluice-csrf': csrf() },
    credentials: 'same-origin',
    cache: 'no-store',
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new Problem(
      0,
      'unreachable',
      'The gateway does not answer. It may be starting, or the network is down.',
    )
  })
  learnTime(response.headers.get('date'))
  if (response.ok) return response
  const problem = await problemOf(response)
  if (response.status === 401) signedOut()
  throw problem
}

async function problemOf(response: Response): Promise<Problem> {
  const told = (await response.json().catch(() => ({}))) as {
    readonly title?: string
    readonly detail?: string
  }
  const detail = told.detail ?? `The gateway answered ${response.status}.`
  return new Problem(response.status, told.title ?? 'error', detail, { ...told })
}

function textOf(parameters: Parameters): string {
  return queryText(
    Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => [
        name,
        value === undefined ? undefined : String(value),
      ]),
    ),
  )
}
