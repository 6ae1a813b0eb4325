import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import xterm from '@xterm/headless'
import fc from 'fast-check'
import { Screen } from '@sluice/terminal'

/** A recording looks as it looked: on whatever programs send to move, erase, scroll and colour, the screen agrees with xterm.js. */

const cases = Number(process.env['SLUICE_TERMINAL_CASES'] ?? 400)
const seed = Number(process.env['SLUICE_FUZZ_SEED'] ?? 1)
const [columns, rows] = [20, 6]

const count = fc.constantFrom('', '0', '1', '2', '3', '5', '9', '40')
const place = fc.tuple(fc.integer({ min: 1, max: rows }), fc.integer({ min: 1, max: columns }))
const word = fc.stringMatching(/^[ -~éß€]{1,12}$/)
const wide = fc.constantFrom('你好', 'カナ', 'x漢')
const moved = fc.tuple(count, fc.constantFrom(...'ABCDEFGde')).map(([n, final]) => `\u001b[${n}${final}`)
const jumped = place.map(([row, column]) => `\u001b[${row};${column}H`)
// Behind the last column emulators differ in where they take an edit to happen, so each begins at a place.
const edited = fc
  .tuple(place, count, fc.constantFrom('X', 'P', '@', 'L', 'M'))
  .map(([[row, column], n, final]) => `\u001b[${row};${column}H\u001b[${n}${final}`)
// So is whether what scrolls in has the background of the moment.
const scrolled = fc.tuple(count, fc.constantFrom('S', 'T')).map(([n, final]) => `\u001b[m\u001b[${n}${final}`)
const erased = fc
  .tuple(place, fc.constantFrom('', '0', '1', '2'), fc.constantFrom('J', 'K'))
  .map(([[row, column], what, final]) => `\u001b[${row};${column}H\u001b[${what}${final}`)
const coloured = fc
  .constantFrom('', '1', '4', '31', '44', '7', '0;32', '38;5;200', '48;2;1;2;3', '22', '39;49', '92')
  .map((code) => `\u001b[${code}m`)
const margins = fc.integer({ min: 1, max: rows }).map((row) => `\u001b[${row};${Math.min(rows, row + 3)}r`)
const control = fc.constantFrom('\r', '\n', '\r\n', '\b', '\r\t', '\u000e', '\u000f')
const escape = fc.constantFrom(
  ...['D', 'E', 'M', '(0', '(B', ')0', ')B'].map((code) => `\u001b${code}`),
  // The sets of characters that are saved with a cursor are for each emulator to say.
  ...['7', '8'].map((code) => `\u000f\u001b(B\u001b)B\u001b${code}`),
)
const mode = fc.constantFrom('?7l', '?7h', '?25l', '?25h').map((code) => `\u001b[${code}`)
const other = fc.constantFrom('?1049h', '?1049l', '?47h', '?47l', '?1048h', '?1048l').map(
  // Whether margins and what was saved belong to a screen or to the terminal is for each to say.
  (code) => `\u001b[r\u001b7\u001b[${code}\u001b[r\u001b7`,
)
const repeated = fc.tuple(word, count).map(([text, n]) => `${text}\u001b[${n}b`)
const piece = fc.oneof(
  word,
  word,
  moved,
  jumped,
  edited,
  scrolled,
  erased,
  coloured,
  margins,
  control,
  escape,
  mode,
  repeated,
)

suite('the screen of a player and xterm.js', () => {
  for (const [name, told] of [
    ['words, moves, edits, colours and margins', piece],
    ['wide characters', fc.oneof(word, wide, wide, jumped, control)],
    ['two screens', fc.oneof(word, jumped, erased, coloured, other)],
  ] as const)
    test(name, async () => {
      const pieces = fc.array(told, { minLength: 1, maxLength: 40 })
      await fc.assert(
        fc.asyncProperty(pieces, async (sent) => {
          const screen = new Screen(columns, rows)
          for (const text of sent) screen.write(text)
          assert.deepEqual(shownBy(screen), await shownByXterm(sent.join('')))
        }),
        { numRuns: cases, seed },
      )
    })
})

interface Shown {
  readonly lines: readonly string[]
  readonly looks: readonly string[]
  readonly cursor: readonly [row: number, column: number]
}

function shownBy(screen: Screen): Shown {
  const look = ({ bold, inverse, underline, foreground, background }: (typeof screen.lines)[0][0]['style']) =>
    `${[bold, inverse, underline].map(Number).join('')} ${foreground ?? '-'} ${background ?? '-'}`
  return {
    lines: screen.lines.map((line) =>
      line
        .map(({ char }) => char)
        .join('')
        .trimEnd(),
    ),
    looks: screen.lines.map((line) => line.map(({ style }) => look(style)).join()),
    cursor: [screen.cursor.row, screen.cursor.column],
  }
}

async function shownByXterm(text: string): Promise<Shown> {
  const terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 0, allowProposedApi: true })
  await new Promise<void>((done) => terminal.write(text, done))
  const { active } = terminal.buffer
  const lines = Array.from({ length: rows }, (_, row) => active.getLine(row) ?? assert.fail())
  const shown = {
    lines: lines.map((line) => line.translateToString(true).trimEnd()),
    looks: lines.map((line) =>
      Array.from({ length: columns }, (_, column) => {
        const cell = line.getCell(column) ?? assert.fail()
        const colour = (is: boolean, rgb: boolean, value: number) =>
          is ? '-' : rgb ? `#${value.toString(16).padStart(6, '0')}` : String(value)
        const flags = [cell.isBold(), cell.isInverse(), cell.isUnderline()].map((flag) =>
          flag === 0 ? 0 : 1,
        )
        const front = colour(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor())
        return `${flags.join('')} ${front} ${colour(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor())}`
      }).join(),
    ),
    cursor: [active.cursorY, Math.min(active.cursorX, columns - 1)] as const,
  }
  terminal.dispose()
  return shown
}
