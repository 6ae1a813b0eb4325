import type { CSSProperties, JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { isHidden, Playback, type Cast, type Cell, type Style } from '@sluice/terminal'
import { colourOf } from './palette.ts'
import { save } from './export.tsx'
import { Player, usePlayer } from './player.tsx'

/** A terminal that only shows: nothing that it is told reaches anything but its own cells. */
export function Terminal({ cast }: { readonly cast: Cast }): JSX.Element {
  const playback = useMemo(() => new Playback(cast), [cast])
  const player = usePlayer(cast.duration * 1_000)
  const screen = playback.seek((player.at ?? player.endMs) / 1_000)
  return (
    <div class="terminal">
      <div class="terminal-screen" role="img" aria-label={`Terminal: ${screen.text}`}>
        {screen.lines.map((line) => (
          <div class="terminal-line">
            {runsOf(line).map(({ text, style }) => (
              <span style={cssOf(style)}>{text}</span>
            ))}
          </div>
        ))}
      </div>
      <div class="row">
        <Player player={player} />
        <button
          class="plain small"
          type="button"
          onClick={() => save('session.cast', 'application/x-asciicast', castText(cast))}
        >
          Download the recording
        </button>
      </div>
    </div>
  )
}

interface Run {
  readonly text: string
  readonly style: Style
}

/** Neighbours that look alike are one element. */
function runsOf(line: readonly Cell[]): readonly Run[] {
  const runs: Run[] = []
  for (const { char, style } of line) {
    const last = runs.at(-1)
    if (last?.style === style) runs[runs.length - 1] = { text: last.text + char, style }
    else runs.push({ text: char, style })
  }
  return runs
}

/** Nothing of a record is hidden: what would be is shown in inverse. */
function coloursOf(style: Style): readonly [front: Style['foreground'], back: Style['background']] {
  const { foreground, background, inverse } = style
  if (isHidden(style)) return [0, 7]
  return inverse ? [background ?? 0, foreground ?? 7] : [foreground, background]
}

function cssOf(style: Style): CSSProperties {
  const [front, back] = coloursOf(style)
  return {
    ...(front === null ? {} : { color: colourOf(front) }),
    ...(back === null ? {} : { backgroundColor: colourOf(back) }),
    ...(style.bold ? { fontWeight: 700 } : {}),
    ...(style.dim ? { opacity: 0.7 } : {}),
    ...(style.italic ? { fontStyle: 'italic' } : {}),
    ...(style.underline || style.strike
      ? { textDecoration: style.strike ? 'line-through' : 'underline' }
      : {}),
  }
}

const codes = { output: 'o', input: 'i', resize: 'r' } as const

function castText({ columns, rows, events }: Cast): string {
  const header = JSON.stringify({ version: 2, width: columns, height: rows })
  return [header, ...events.map(({ at, kind, data }) => JSON.stringify([at, codes[kind], data]))].join('\n')
}
