import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Screen } from './screen.ts'

function shown(...pieces: readonly string[]): string {
  const screen = new Screen(20, 5)
  for (const piece of pieces) screen.write(piece)
  return screen.text
}

test('lines, carriage returns, backspaces and tabs', () => {
  assert.equal(shown('one\r\ntwo'), 'one\ntwo')
  assert.equal(shown('abc\rX'), 'Xbc')
  assert.equal(shown('ab\b\bX'), 'Xb')
  assert.equal(shown('a\tb'), 'a       b')
  assert.equal(shown('x'.repeat(25)), `${'x'.repeat(20)}\n${'x'.repeat(5)}`)
})

test('it scrolls, and keeps its size', () => {
  const screen = new Screen(10, 3)
  screen.write(Array.from({ length: 100 }, (_, index) => `line ${index}`).join('\r\n'))
  assert.equal(screen.text, 'line 97\nline 98\nline 99')
  assert.equal(screen.lines.length, 3)
})

test('cursor moves and erases', () => {
  assert.equal(shown('hello\u001b[2D!!'), 'hel!!')
  assert.equal(shown('hello\u001b[1;1HJ'), 'Jello')
  assert.equal(shown('hello\r\u001b[K'), '')
  assert.equal(shown('a\r\nb\u001b[2J'), '')
  assert.equal(shown('abcdef\r\u001b[2P'), 'cdef')
  assert.equal(shown('abc\r\u001b[2@'), '  abc')
  assert.equal(shown('one\r\ntwo\u001b[1;1H\u001b[L'), '\none\ntwo')
})

test('colours and effects, and nothing is hidden by them', () => {
  const screen = new Screen(20, 2)
  screen.write('\u001b[1;31ma\u001b[38;5;200;48;2;1;2;3mb\u001b[0;8mc')
  const [a, b, c] = screen.lines[0] ?? []
  assert.deepEqual([a?.style.bold, a?.style.foreground], [true, 1])
  assert.deepEqual([b?.style.foreground, b?.style.background], [200, '#010203'])
  assert.equal(c?.char, 'c')
  assert.equal(c?.style.foreground, null)
})

/** Catalogue case C24. */
const hostile: Readonly<Record<string, string>> = {
  'clipboard (OSC 52)': '\u001b]52;c;ZXZpbA==\u0007',
  'title (OSC 0)': '\u001b]0;evil\u001b\\',
  'link (OSC 8)': '\u001b]8;;javascript:alert(1)\u001b\\',
  'report of the cursor (DSR)': '\u001b[6n',
  'device attributes': '\u001b[c\u001b[>c',
  'answerback (ENQ) and bell': '\u0005\u0007',
  'sixel (DCS)': '\u001bPq#0;2;0;0;0~~@@vv$\u001b\\',
  'application command (APC)': '\u001b_Gf=24;AAAA\u001b\\',
  'privacy message and string': '\u001b^evil\u001b\\\u001bXevil\u001b\\',
  'C1 control string': '\u009d52;c;AA\u009c\u0090q\u009c',
  'C1 control sequence': '\u009b6n',
  'modes (mouse, keys, paste, inverse)': '\u001b[?1003h\u001b[?1000h\u001b[?1h\u001b[?5h\u001b[?2004h',
  'full reset and character sets': '\u001bc\u001b(0\u001b#8',
  'window manipulation': '\u001b[21t\u001b[8;100;100t',
  'soft reset and keyboard': '\u001b[!p\u001b[>4;1m\u001b[=1u',
  'bidi and zero width': '\u202e\u2066\u200b\ufeff\u{e0041}',
  'a sequence that never ends': `\u001b[${'1;'.repeat(5_000)}m`,
}

test('everything else is dropped, whole or cut into pieces', () => {
  for (const [name, text] of Object.entries(hostile)) {
    assert.equal(shown(`ok${text}!`), 'ok!', name)
    assert.equal(shown('ok', ...Array.from(text), '!'), 'ok!', name)
  }
})

test('what a terminal has not shown is not shown either, and the other way round', () => {
  assert.equal(shown('a\u001b_b\u0007c\u001b\\d'), 'ad', 'a bell ends no application command')
  assert.equal(shown('a\u001bPb\u0007c\u009cd'), 'ad')
  assert.equal(shown('a\u009d0;b\u0007c'), 'ac')
  assert.equal(shown('a\u001b[3\n1mb'), 'a\n b', 'controls work within a sequence')
  assert.equal(shown('a\u001b\r[1mb'), 'b')
  assert.equal(shown('a\u001b[1\u007fmb\u001b\u007f[1mc'), 'abc', 'delete is nothing')
  assert.equal(shown('a\u001b[31\u009b1mb\u001b[1\u009dx\u0007c'), 'abc', 'another begins')
})

test('a string that is not ended swallows text, and says nothing', () => {
  assert.equal(shown('ok\u001b]0;title', ' more', '\u0007!'), 'ok!')
  assert.equal(shown('ok\u001b]0;title\u0018!'), 'ok!')
})

test('numbers without measure', () => {
  assert.equal(shown('a\u001b[99999999999C\u001b[99999999999B!').split('\n').at(-1)?.trim(), '!')
  assert.equal(
    shown('\u001b[99999999L\u001b[99999999M\u001b[99999999@\u001b[99999999P\u001b[99999999Sok'),
    'ok',
  )
  const screen = new Screen(1e9, 1e9)
  assert.ok(screen.columns <= 400 && screen.rows <= 200)
  screen.resize(NaN, -1)
  screen.write('ok')
  assert.equal(screen.rows, 1)
})

test('wide characters take two cells, marks none', () => {
  const screen = new Screen(6, 2)
  screen.write('你好e\u0301\u0301\u0301\u0301x')
  assert.equal(screen.text.normalize('NFD'), '你好e\u0301\u0301x'.normalize('NFD'))
})

test('what clears or scrolls a large screen costs little, however often it comes', () => {
  for (const code of [
    '\n',
    '\u001b[400S',
    '\u001b[400T',
    '\u001b[400L',
    '\u001b[2J',
    '\u001b[?47h\u001b[?47l',
  ]) {
    const screen = new Screen(400, 200)
    screen.write('begins')
    const began = performance.now()
    screen.write(code.repeat(Math.floor(24_000 / code.length)))
    const ms = performance.now() - began
    // With all its cells made anew each time it took seconds.
    assert.ok(ms < 1_000, `${JSON.stringify(code)}: ${Math.round(ms)} ms`)
  }
})

test('lines on which nothing stood are written on one by one', () => {
  const screen = new Screen(6, 4)
  screen.write('\u001b[2Ja\r\nb\u001b[4;1Hc\u001b[1;1H\u001b[M')
  assert.equal(screen.text, 'b\n\nc')
  screen.write('\u001b[44m\u001b[2J\u001b[2;2Hx\u001b[K')
  assert.equal(screen.text, '\n x')
  assert.ok(screen.lines.every((line) => line.every(({ style }) => style.background === 4)))
})
