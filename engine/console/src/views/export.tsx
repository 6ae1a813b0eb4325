import type { JSX } from 'preact'
import { csvOf } from '../csv.ts'
import { Icon } from './icon.tsx'

export interface ExportProps {
  readonly name: string
  readonly header: readonly string[]
  /** What is on the page, row by row. */
  readonly rows: () => readonly (readonly unknown[])[]
}

/** What is on the page as a file: CSV that no spreadsheet computes, or JSON. */
export function Export({ name, header, rows }: ExportProps): JSX.Element {
  const asJson = (): string =>
    JSON.stringify(
      rows().map((row) => Object.fromEntries(header.map((column, index) => [column, row[index] ?? null]))),
      null,
      2,
    )
  return (
    <>
      <button
        class="button small"
        type="button"
        onClick={() => save(`${name}.csv`, 'text/csv', csvOf(header, rows()))}
      >
        <Icon name="download" /> CSV
      </button>
      <button
        class="button small"
        type="button"
        onClick={() => save(`${name}.json`, 'application/json', asJson())}
      >
        JSON
      </button>
    </>
  )
}

export interface ExportListProps<Line> {
  readonly name: string
  /** The fields of a line that are in the file, which are its header. */
  readonly columns: readonly (keyof Line & string)[]
  readonly lines: readonly Line[]
}

/** A list as a file, by the fields of its lines. */
export function ExportList<Line>({ name, columns, lines }: ExportListProps<Line>): JSX.Element {
  const rows = (): readonly (readonly unknown[])[] =>
    lines.map((line) => columns.map((column) => line[column]))
  return <Export name={name} header={columns} rows={rows} />
}

export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
