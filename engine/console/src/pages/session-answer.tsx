import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { parseCast, type Cast } from '@sluice/terminal'
import { bytesText } from '../amount-text.ts'
import { ServerEvents } from '../api/server-events.ts'
import type { AnswerPart } from '../api/steps.ts'
import { exact } from '../printable.ts'
import type { Content, ReplayedExchange } from '../replay.ts'
import { Code } from '../views/code.tsx'
import { Grid } from '../views/grid.tsx'
import { Exact } from '../views/texts.tsx'
import { Terminal } from '../views/terminal.tsx'

export interface AnswerProps {
  readonly content: Content
  readonly item: ReplayedExchange
  /** What its caller sent after the request, not what it saw. */
  readonly sent?: boolean
}

/** What streamed one way, in the form of its protocol. */
export function Answer({ content, item, sent = false }: AnswerProps): JSX.Element | null {
  if (content.parts.length === 0) return null
  const cast = castOf(content)
  const streams = streamsOf(content)
  return (
    <div class="answer stack-s">
      {sent ? <h3>Sent as well</h3> : null}
      {cast === undefined ? null : cast === null ? (
        <p class="note">What the terminal showed was not recorded in a form that can be played.</p>
      ) : (
        <Terminal cast={cast} />
      )}
      {content.parts.map(({ part }) => (
        <Part part={part} item={item} />
      ))}
      {streams.map(({ name, data }) => (
        <>
          {name === undefined ? null : <h3 class={name === 'stderr' ? 'denied' : ''}>{name}</h3>}
          <Data data={data} kind={kindOf(content)} />
        </>
      ))}
    </div>
  )
}

type DataPart = Extract<AnswerPart, { readonly kind: 'data' }>

interface Stream {
  readonly name: string | undefined
  readonly data: readonly DataPart[]
}

/** Data in the order in which it came; what is of one stream and comes together is one text. */
function streamsOf({ parts }: Content): readonly Stream[] {
  const streams: Stream[] = []
  for (const { part } of parts) {
    if (part.kind !== 'data') continue
    const last = streams.at(-1)
    if (last !== undefined && last.name === part.stream)
      streams[streams.length - 1] = { ...last, data: [...last.data, part] }
    else streams.push({ name: part.stream, data: [part] })
  }
  return streams
}

function Data({ data, kind }: { readonly data: readonly DataPart[]; readonly kind: BodyKind }): JSX.Element {
  if (data.every(({ hex }) => !hex)) return <Body text={data.map(({ text }) => text).join('')} kind={kind} />
  const shown = data.map(({ text, hex }) => (hex ? text.replaceAll(/(..)/g, '$1 ') : exact(text)))
  return <Code text={shown.join('\n')} language="plain" />
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
    case 'notification':
      return (
        <p class="note">
          <b class="mono">
            <Exact text={part.channel} />
          </b>{' '}
          <Exact text={part.text} />
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
    case 'terminal':
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

/** What a terminal showed; `undefined` where there was none, `null` when it cannot be read. */
function castOf({ parts }: Content): Cast | null | undefined {
  const lines = parts.flatMap(({ part }) => (part.kind === 'terminal' ? [part.line] : []))
  if (lines.length === 0) return undefined
  try {
    return parseCast(lines.join('\n'))
  } catch {
    return null
  }
}
