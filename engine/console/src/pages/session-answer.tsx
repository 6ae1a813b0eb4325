import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { bytesText } from '../amount-text.ts'
import { ServerEvents } from '../api/server-events.ts'
import type { AnswerPart } from '../api/steps.ts'
import { exact } from '../printable.ts'
import { textOf, type Content, type ReplayedExchange } from '../replay.ts'
import { isCast, parseCast, type Cast } from '../terminal/cast.ts'
import { Code } from '../views/code.tsx'
import { Grid } from '../views/grid.tsx'
import { Exact } from '../views/texts.tsx'
import { Terminal } from '../views/terminal.tsx'

export interface AnswerProps {
  readonly content: Content
  readonly item: ReplayedExchange
  readonly protocol: string
  /** What its caller sent after the request, not what it saw. */
  readonly sent?: boolean
}

/** What streamed one way, in the form of its protocol. */
export function Answer({ content, item, protocol, sent = false }: AnswerProps): JSX.Element | null {
  if (content.parts.length === 0) return null
  const text = textOf(content)
  const cast = castOf(content, text, protocol)
  const others = content.parts.filter(({ part }) => part.kind !== 'data')
  return (
    <div class="answer stack-s">
      {sent ? <h3>Sent as well</h3> : null}
      {others.map(({ part }) => (
        <Part part={part} item={item} />
      ))}
      {cast !== undefined ? (
        <Terminal cast={cast} />
      ) : text !== null ? (
        <Body text={text} kind={kindOf(content)} />
      ) : (
        <Hex content={content} />
      )}
    </div>
  )
}

function Part({
  part,
  item,
}: {
  readonly part: AnswerPart
  readonly item: ReplayedExchange
}): JSX.Element | null {
  switch (part.kind) {
    case 'rows':
      return (
        <Grid columns={part.columns} rows={part.rows} masked={maskedColumns(item)} name={item.exchange} />
      )
    case 'status':
      return (
        <p class="small quiet mono">
          <Exact text={part.text} />
        </p>
      )
    case 'error':
    case 'notice':
      return (
        <p class={part.kind === 'error' ? 'note deny' : 'note'}>
          <b class="mono">{part.code}</b> <Exact text={part.message} />
          {part.more.map((line) => (
            <span class="quiet">
              {' '}
              <Exact text={line} />
            </span>
          ))}
        </p>
      )
    case 'cut':
      return (
        <p class="note">The recording ends here, within a message of which it has {bytesText(part.bytes)}.</p>
      )
    case 'too_large':
      return <p class="note">A message of {bytesText(part.bytes)}, too large to be shown.</p>
    case 'undecodable':
      return <p class="note">What follows cannot be read.</p>
    case 'data':
      return null
  }
}

/** `public.customers.ssn` hides the column `ssn`. */
function maskedColumns({ completed }: ReplayedExchange): ReadonlySet<string> {
  return new Set(completed?.masked.map(({ column }) => column.slice(column.lastIndexOf('.') + 1)) ?? [])
}

type BodyKind = 'json' | 'events' | 'text'

function kindOf({ parts }: Content): BodyKind {
  const status = parts.flatMap(({ part }) => (part.kind === 'status' ? [part.text] : [])).join('\n')
  if (/content-type: *text\/event-stream/i.test(status)) return 'events'
  return /content-type: *[\w./+-]*json/i.test(status) ? 'json' : 'text'
}

function Body({ text, kind }: { readonly text: string; readonly kind: BodyKind }): JSX.Element {
  const [raw, setRaw] = useState(false)
  const formatted = kind === 'json' ? formattedJson(text) : kind === 'events' ? formattedEvents(text) : null
  return (
    <>
      <Code
        text={exact(formatted === null || raw ? text : formatted)}
        language={kind === 'text' ? 'plain' : 'json'}
        copied={text}
      />
      {formatted === null ? null : (
        <button class="plain small as-sent" type="button" aria-pressed={raw} onClick={() => setRaw(!raw)}>
          {raw ? 'As it was sent' : 'Formatted; show as it was sent'}
        </button>
      )}
    </>
  )
}

const formattedCharsMax = 200_000

function formattedJson(text: string): string | null {
  if (text.length > formattedCharsMax) return null
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return null
  }
}

/** One event a line. */
function formattedEvents(text: string): string | null {
  if (text.length > formattedCharsMax) return null
  return new ServerEvents()
    .take(`${text}\n\n`)
    .map(({ event, data }) => (event === 'message' ? data : `${event}: ${data}`))
    .join('\n')
}

function Hex({ content }: { readonly content: Content }): JSX.Element | null {
  const data = content.parts.flatMap(({ part }) => (part.kind === 'data' ? [part] : []))
  if (data.length === 0) return null
  return (
    <Code
      text={data.map(({ text, hex }) => (hex ? text.replaceAll(/(..)/g, '$1 ') : exact(text))).join('\n')}
      language="plain"
    />
  )
}

/** A terminal’s recording, or what a command printed by the times at which it did. */
function castOf(content: Content, text: string | null, protocol: string): Cast | undefined {
  if (text === null) return undefined
  if (isCast(text)) {
    try {
      return parseCast(text)
    } catch {
      return undefined
    }
  }
  if (protocol !== 'ssh') return undefined
  const begun = Date.parse(content.parts[0]?.at ?? '')
  const events = content.parts.flatMap(({ at, part }) =>
    part.kind === 'data'
      ? [
          {
            at: (Date.parse(at) - begun) / 1_000,
            kind: 'output' as const,
            data: part.text.replaceAll(/(?<!\r)\n/g, '\r\n'),
          },
        ]
      : [],
  )
  return { columns: 120, rows: 32, events, duration: events.at(-1)?.at ?? 0 }
}
