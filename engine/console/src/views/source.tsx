import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'
import type { FileCoverage } from '../api/policy-answers.ts'
import type { Finding } from '../api/shapes.ts'
import { exact, marked } from '../printable.ts'
import { isIn, linesOf } from '../source-lines.ts'
import type { Language } from '../syntax/language.ts'
import { Exact, Segments } from './texts.tsx'

export interface SourceProps {
  readonly name: string
  readonly text: string
  readonly language: Language
  /** What is wrong with this file: told below the line that it is about. */
  readonly findings: readonly Finding[]
  /** What its tests reached; none when they were not run on this text. */
  readonly coverage?: FileCoverage | undefined
  /** Without it, it is for reading. */
  readonly change?: ((text: string) => void) | undefined
}

/** The lines of a file with numbers and colours. It is edited in a field over them, whose own letters are not seen. */
export function Source({ name, text, language, findings, coverage, change }: SourceProps): JSX.Element {
  const lines = useRef<HTMLDivElement>(null)
  // What is edited stays line by line as it is: a mark would move the letters behind it.
  const shown = change === undefined ? exact(text) : text
  return (
    <div class={change === undefined ? 'source' : 'source editing'}>
      <div
        ref={lines}
        class="source-lines"
        tabIndex={change === undefined ? 0 : -1}
        aria-hidden={change !== undefined}
      >
        {linesOf(shown, language).map((tokens, at) => {
          const wrong = findings.filter(({ row }) => row === at + 1)
          return (
            <>
              <div class={`source-line ${markOf(at + 1, wrong.length > 0, coverage)}`} key={at}>
                {tokens.map((token) => (
                  <span class={`t-${token.kind}`}>
                    {change === undefined ? <Segments of={marked(token.text)} /> : token.text}
                  </span>
                ))}
              </div>
              {change === undefined ? wrong.map((finding) => <Wrong finding={finding} />) : null}
            </>
          )
        })}
      </div>
      {change === undefined ? null : (
        <textarea
          class="source-field"
          aria-label={name}
          spellcheck={false}
          wrap="off"
          value={text}
          onInput={(event) => change(event.currentTarget.value)}
          onScroll={({ currentTarget: { scrollLeft } }) => lines.current?.scrollTo({ left: scrollLeft })}
        />
      )}
    </div>
  )
}

function markOf(row: number, wrong: boolean, coverage: FileCoverage | undefined): string {
  if (wrong) return 'wrong-line'
  if (coverage === undefined) return ''
  if (isIn(row, coverage.missed)) return 'missed'
  return isIn(row, coverage.covered) ? 'covered' : ''
}

function Wrong({ finding: { col, message } }: { readonly finding: Finding }): JSX.Element {
  return (
    <div class="source-finding" role="note">
      {col > 0 ? <span class="quiet number">column {col} </span> : null}
      <Exact text={message} />
    </div>
  )
}
