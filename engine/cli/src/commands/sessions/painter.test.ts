import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Screen } from '@sluice/terminal'
import { Painter } from './painter.ts'

/** All that may ever reach the terminal of who looks on: places, looks, erasures, its own modes, and what has a shape. */
const innocent =
  /^(?:␛\[(?:\?(?:1049|7|25)[hl]|2J|2K|\d{1,3};\d{1,3}H|\d{1,3}(?:;\d{1,3})*m)|[^␛\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}])*$/u
const window = { columns: 30, rows: 6 }

/** What a hostile host prints so that the terminal of an auditor does as it says. */
const hostile: Readonly<Record<string, string>> = {
  'clipboard (OSC 52), set and asked for': '\u001b]52;c;ZXZpbA==\u0007\u001b]52;c;?\u0007',
  'title and icon (OSC 0, 1, 2), and asked for':
    '\u001b]0;evil\u001b\\\u001b]2;evil\u0007\u001b[21t\u001b[20t',
  'working folder and notification (OSC 7, 9, 777, 99)':
    '\u001b]7;file:///\u0007\u001b]9;evil\u0007\u001b]777;notify;a;b\u0007\u001b]99;;x\u001b\\',
  'link (OSC 8)': '\u001b]8;;javascript:alert(1)\u001b\\click\u001b]8;;\u001b\\',
  'colours asked for and changed (OSC 4, 10, 11, 104)':
    '\u001b]4;1;?\u0007\u001b]11;#000\u0007\u001b]10;?\u001b\\',
  'proprietary files and commands (OSC 1337, 133)':
    '\u001b]1337;File=name=eA==;inline=0:AAAA\u0007\u001b]133;C\u0007\u001b]1337;RequestAttention=yes\u0007',
  'reports (DSR, CPR, DA, DECRQM, DECRQCRA)':
    '\u001b[5n\u001b[6n\u001b[?6n\u001b[c\u001b[>c\u001b[=c\u001b[?2026$p\u001b[1;1;1;1;1;1*y\u001b[x\u001bZ',
  'strings asked for (DECRQSS, XTGETTCAP, DECRQUPSS)': '\u001bP$qm\u001b\\\u001bP+q544e\u001b\\\u001b[>q',
  'keys programmed (DECUDK) and images (sixel)': '\u001bP0;1|17/0d\u001b\\\u001bPq#0;2;0;0;0~~\u001b\\',
  'application commands (APC, PM, SOS)': '\u001b_Gf=24;AAAA\u001b\\\u001b^x\u001b\\\u001bXx\u001b\\',
  'modes (paste, mouse, focus, keys, screen)':
    '\u001b[?2004h\u001b[?1000;1003;1006h\u001b[?1004h\u001b[?1h\u001b=\u001b>\u001b[?1049h\u001b[?5h\u001b[4h\u001b[20h',
  'keyboard protocols': '\u001b[>4;2m\u001b[>1u\u001b[=5;1u\u001b[?u',
  'resets, character sets, tests': '\u001bc\u001b[!p\u001b(0\u001b)A\u001b%G\u001b#8\u001b[61"p',
  'window moved, iconified, resized, printed': '\u001b[2t\u001b[3;0;0t\u001b[8;99;99t\u001b[5i\u001b[4i',
  'C1 controls': '\u009b6n\u009d52;c;AA\u009c\u0090q\u009c\u009bc\u0085\u0084',
  'answerback, bells and nothing': '\u0005\u0007\u0000\u007f\u000e~~\u000f',
  'what turns and hides text': '\u202evil\u2066\u200b\ufeff\u{e0041}\u2028\u00ad',
  'one that never ends': `\u001b]0;${'x'.repeat(5_000)}`,
  'colours hidden in their ground': '\u001b[8mhidden\u001b[0;30;40mhidden',
  'numbers without measure': `\u001b[${'9'.repeat(40)};${'9'.repeat(40)}H\u001b[${'1;'.repeat(900)}m`,
  'a sequence within another': '\u001b[\u001b]52;c;eA==\u0007m\u001b[3\u001b[6n1m\u001b]0;\u001b[6n\u0007',
}

function painted(...pieces: readonly string[]): string {
  const screen = new Screen(20, 8)
  const painter = new Painter()
  let told = painter.enter()
  for (const piece of pieces) {
    screen.write(piece)
    told += painter.frame(screen, window, `status ${piece}`)
  }
  return escapes(told + painter.leave())
}

/** Escapes as a sign, which can stand in a pattern. */
function escapes(text: string): string {
  return text.replaceAll('␛', '?').replaceAll('\u001b', '␛')
}

suite('C24 nothing that a host printed reaches the terminal of who looks on', () => {
  for (const [name, text] of Object.entries(hostile)) {
    test(name, () => assert.match(painted(`ok${text}!`, '\u001b\\after'), innocent))
    test(`${name}, cut into characters`, () =>
      assert.match(painted('ok', ...Array.from(text), '!', '\u001b\\after'), innocent))
  }

  test('whatever else there may be', () => {
    const piece = fc.oneof(
      fc.constantFrom('\u001b', '[', ']', 'P', '?', ';', '\u0007', '\\', '52', 'm', '\u009b', '\u009d', 'h'),
      fc.string({ unit: 'binary', maxLength: 6 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => innocent.test(painted(...pieces))),
      { numRuns: 2_000, seed: 1 },
    )
  })

  test('a text in the colour of its ground is seen', () => {
    assert.match(painted('\u001b[30;40msecret'), /␛\[0;7msecret/)
  })
})

test('a frame says what differs from the one before, and all of it in another window', () => {
  const screen = new Screen(20, 3)
  const painter = new Painter()
  screen.write('one\r\ntwo')
  assert.match(painter.frame(screen, window, ''), /one.*two/s)
  screen.write('!')
  const next = painter.frame(screen, window, '')
  assert.match(next, /two!/)
  assert.doesNotMatch(next, /one/)
  assert.match(escapes(painter.frame(screen, { columns: 10, rows: 4 }, '')), /␛\[2J.*one.*two!/s)
})

test('what is too wide is cut, what is too tall is shown where the cursor is', () => {
  const screen = new Screen(40, 30)
  screen.write(Array.from({ length: 20 }, (_, at) => `line ${at} ${'x'.repeat(30)}`).join('\r\n'))
  const frame = new Painter().frame(screen, { columns: 10, rows: 4 }, 'far too long a status')
  assert.match(frame, /line 19/)
  assert.doesNotMatch(frame, /line 16|x{4}|long/)
})

test('what a host hides in the colour of its ground is shown in inverse, whatever it calls the two', () => {
  for (const codes of ['30;40', '38;5;16;48;2;0;0;0', '97;48;5;231', '38;2;1;1;1']) {
    const screen = new Screen(10, 2)
    screen.write(`\u001b[${codes}mrm -rf`)
    const frame = new Painter().frame(screen, window, '')
    assert.ok(frame.includes('\u001b[0;7mrm -rf'), codes)
  }
})
