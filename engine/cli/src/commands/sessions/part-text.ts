import { visible, type AnswerPart, type Json } from '@sluice/core'
import { printable } from '../../printable.ts'
import { table } from '../../table.ts'

/** Pieces of one text, which packets have cut, as that text. */
export function joined(parts: readonly AnswerPart[]): readonly AnswerPart[] {
  const whole: AnswerPart[] = []
  for (const part of parts) {
    const longer = continued(whole.at(-1), part)
    if (longer === undefined) whole.push(part)
    else whole[whole.length - 1] = longer
  }
  return whole
}

function continued(last: AnswerPart | undefined, part: AnswerPart): AnswerPart | undefined {
  if (last?.kind === 'data' && part.kind === 'data' && last.stream === part.stream && last.hex === part.hex)
    return { ...last, text: last.text + part.text }
  if (last?.kind === 'terminal' && part.kind === 'terminal' && last.code === 'o' && part.code === 'o')
    return { ...last, text: last.text + part.text }
  return undefined
}

/** A piece of an answer, on as many lines as it takes. */
export function partText(part: AnswerPart): string {
  switch (part.kind) {
    case 'rows':
      return rowsText(part.columns, part.rows).trimEnd()
    case 'status':
      return printable(part.text)
    case 'error':
    case 'notice':
      return [`${part.kind.toUpperCase()} ${part.code}: ${part.message}`, ...part.more]
        .map(printable)
        .join('\n')
    case 'notification':
      return printable(`NOTIFICATION on ${part.channel}: ${part.text}`)
    case 'data':
      return streamText(part)
    case 'terminal':
      return part.code === 'o' ? visible(part.text) : printable(part.text)
    case 'cut':
      return `⟨the recording ends here, within a message of which it has ${part.bytes} bytes⟩`
    case 'too_large':
      return `⟨a message of ${part.bytes} bytes, too large to be shown⟩`
    case 'undecodable':
      return '⟨what follows cannot be read⟩'
  }
}

function streamText({ text, hex, stream }: AnswerPart & { readonly kind: 'data' }): string {
  const shown = hex ? `\\x${text}` : visible(text.replace(/\n$/, ''))
  return stream === undefined || stream === 'stdout' ? shown : `${printable(stream)}: ${shown}`
}

/** A wider value would push the others out of sight: its rows are shown one column a line. */
const cellCharsMax = 60

function rowsText(columns: readonly string[] | null, rows: readonly (readonly Json[])[]): string {
  const width = Math.max(columns?.length ?? 0, ...rows.map((row) => row.length))
  const heading = Array.from({ length: width }, (_, index) => columns?.[index] ?? `column ${index + 1}`)
  const cells = rows.map((row) => row.map(cellText))
  if (cells.every((row) => row.every((cell) => cell.length <= cellCharsMax))) return table(heading, cells)
  const names = Math.max(...heading.map((name) => name.length))
  return cells
    .map((row, number) => {
      const lines = row.map((cell, index) => `${(heading[index] ?? '').padEnd(names)}  ${cell}`)
      return [`row ${number + 1}`, ...lines].map(printable).join('\n')
    })
    .join('\n')
}

/** A value that came as text is that text; what is none is in brackets that no text can have. */
export function cellText(value: Json): string {
  return typeof value === 'string' ? value.replaceAll(/[⟨⟩]/g, (char) => visible(char)) : otherText(value)
}

/** The same with nothing in it that looks like something else. */
export function parameterText(value: Json): string {
  return typeof value === 'string' ? visible(value) : otherText(value)
}

function otherText(value: Exclude<Json, string>): string {
  if (value === null) return '⟨null⟩'
  const hex = typeof value === 'object' && 'hex' in value ? value['hex'] : undefined
  return typeof hex === 'string' ? `⟨\\x${hex}⟩` : JSON.stringify(value)
}
