import type { JSX } from 'preact'
import { counted, bytesText } from '../amount-text.ts'
import type { AnswerPart, ContentState, Step } from '../api/steps.ts'
import type { ReplayedNote } from '../replay.ts'
import { Exact, Subject, Time } from '../views/texts.tsx'

/** What happened to the session itself. */
export function Note({ note }: { readonly note: ReplayedNote }): JSX.Element {
  const grave = ['killed', 'lost', 'forged'].includes(note.step.step)
  return (
    <li class={grave ? 'replay-note grave' : 'replay-note'}>
      <Time at={note.at} /> <span>{told(note.step)}</span>
    </li>
  )
}

function told(step: Step): JSX.Element | string {
  switch (step.step) {
    case 'opened':
      return (
        <>
          <Subject id={step.subject} behalf={step.on_behalf_of} /> connected from {step.client_ip}
          {step.application === null ? '' : ' with '}
          {step.application === null ? null : <Exact text={step.application} />}
        </>
      )
    case 'extended':
      return 'A fresh token of the same subject'
    case 'closed':
      return (
        <>
          Closed: <Exact text={step.reason} />; {counted(step.requests, 'request')}, {step.denied} denied,{' '}
          {counted(step.rows, 'row')}, {bytesText(step.bytes)}
        </>
      )
    case 'killed':
      return (
        <>
          Ended by <Subject id={step.by} />
          {step.reason === '' ? null : (
            <>
              : <Exact text={step.reason} />
            </>
          )}
        </>
      )
    case 'denials':
      return `${counted(step.requests, 'more request')}, ${step.denied} denied by ${step.rules.map(({ rule, denied }) => `${rule} (${denied})`).join(', ')}`
    case 'heard':
      return <Heard content={step.content} parts={step.parts} />
    case 'lost':
      return 'Its gateway was lost: what became of what ran is unknown'
    case 'left':
      return `Told no more: ${step.reason}`
    case 'unknown':
      return `An event of a kind that is not known here: ${step.type}`
    case 'forged':
      return `FORGED: ${step.type} is not the gateway’s word, ${step.why}`
    default:
      return step.step
  }
}

function Heard({
  content,
  parts,
}: {
  readonly content: ContentState
  readonly parts: readonly AnswerPart[]
}): JSX.Element {
  if (content !== 'shown') return <>Heard something that it had not asked for; its text is {content}</>
  return (
    <>
      {parts.map((part) =>
        part.kind === 'notification' ? (
          <>
            Heard on <Exact text={part.channel} />: <Exact text={part.text} />
          </>
        ) : (
          'Heard something that cannot be shown'
        ),
      )}
    </>
  )
}
