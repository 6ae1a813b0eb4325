import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { marked } from '../printable.ts'
import { tokensIn, type Language } from '../syntax/language.ts'
import { Copy } from './copy.tsx'
import { Segments } from './texts.tsx'

export interface CodeProps {
  /** Made visible already, by the gateway or by `exact`. */
  readonly text: string
  readonly language: Language
  /** Without a height of its own: nothing is out of sight. */
  readonly whole?: boolean
  /** What is copied, where it is not what is shown. */
  readonly copied?: string
}

const blockLines = 200
/** More is rendered only when somebody wants it; its size is told. */
const shownCharsMax = 400_000

/** A text in its language, with everything unseen in it marked. */
export function Code({ text, language, whole = false, copied = text }: CodeProps): JSX.Element {
  const [all, showAll] = useState(false)
  const shown = all ? text : text.slice(0, shownCharsMax)
  return (
    <div class={whole ? 'code whole' : 'code'}>
      <pre tabIndex={0}>
        <code>
          {blocksOf(shown).map((block) => (
            <span class="block">{coloured(block, language)}</span>
          ))}
        </code>
      </pre>
      {shown.length < text.length ? (
        <div class="more">
          <button class="button small" type="button" onClick={() => showAll(true)}>
            Show the other {text.length - shown.length} characters
          </button>
        </div>
      ) : null}
      <Copy text={copied} />
    </div>
  )
}

function coloured(text: string, language: Language): readonly JSX.Element[] {
  return tokensIn(text, language).map((token) =>
    token.kind === 'plain' ? (
      <Segments of={marked(token.text)} />
    ) : (
      <span class={`t-${token.kind}`}>
        <Segments of={marked(token.text)} />
      </span>
    ),
  )
}

/** A long text in blocks, of which a browser lays out only what is in sight; a short one whole, so that its colours are right. */
function blocksOf(text: string): readonly string[] {
  const lines = text.split('\n')
  if (lines.length <= 2 * blockLines) return [text]
  const blocks: string[] = []
  for (let at = 0; at < lines.length; at += blockLines)
    blocks.push(`${lines.slice(at, at + blockLines).join('\n')}\n`)
  return blocks
}
