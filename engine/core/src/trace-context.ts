import type { Run } from './request.ts'

/** No version ff; a trace or a span of zeros is none. */
const traceparent = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/
const runId = /^[\w.:-]{1,128}$/

/** What a `traceparent` says (W3C trace context); `null`: nothing. Callers claim it, nobody vouches for it. */
export function traceOf(text: string): Omit<Run, 'id'> | null {
  const [found, trace = '', span = '', flags = ''] = traceparent.exec(text) ?? []
  if (found === undefined) return null
  return { trace_id: trace, parent: { span_id: span, sampled: (Number.parseInt(flags, 16) & 1) === 1 } }
}

/** Whether a text has the form of a run's id. */
export function isRunId(text: string): boolean {
  return runId.test(text)
}
