/** A cell that a spreadsheet would take for a formula, or for the end of a cell and then one. */
const formula = /^[\s\p{Cc}]*[=+\-@\uff1d\uff0b\uff0d\uff20|%]/u
/** A number is one, whatever its sign. */
const plainNumber = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/

/**
 * RFC 4180, for spreadsheets that are not to be trusted with it: a text that one of them would compute is written as a
 * text, behind an apostrophe.
 */
export function csvOf(header: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('')
}

function cell(value: unknown): string {
  const plain =
    value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  const safe = formula.test(plain) && !plainNumber.test(plain) ? `'${plain}` : plain
  return /[",\r\n\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
