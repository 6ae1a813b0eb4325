/**
 * A text as a person must see it before they decide on it: nothing hidden, nothing that looks like something else,
 * nothing cut. What is not plainly readable becomes its code point, `⟨U+202E⟩`; long runs of blanks, which push the
 * rest out of sight, become their length, `⟨1 000 000 spaces⟩`. The brackets themselves are shown as code points, so
 * that no text can pretend to be such a mark.
 */
export function visible(text: string): string {
  return Array.from(text, shown).join('').replaceAll(blanks, collapsed)
}

/**
 * Printed as it is: ASCII, the letters of Latin-1 and Latin Extended-A, kana, Hangul and Han. Everything else is on no
 * list of things that look different from all of these: other scripts hold letters that look like Latin ones, or turn
 * the direction of what stands beside them; marks sit on other characters; and blanks, formats and controls are unseen.
 */
const readable = /^[\x20-\x7e\u00c0-\u017f\u3041-\u3096\u30a1-\u30fa\u3400-\u9fff\uac00-\ud7a3]$/u

/** Of these the ones that look like ASCII: × ÷ ı ĸ ŀ ŉ ſ, and strokes of kana and Han that look like signs. */
const alike =
  /^[\u00d7\u00f7\u0131\u0138\u0140\u0149\u017f\u30ce\u30ed\u4e00\u4e28\u4e36\u4e3f\u4e85\u5de5\u53e3]$/u

function shown(char: string): string {
  if (char === '\n' || char === '\t') return char
  return readable.test(char) && !alike.test(char) ? char : mark(char)
}

function mark(char: string): string {
  const hex = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return `⟨U+${hex}⟩`
}

/** More than indentation and a paragraph need. */
const blanks = /[ \t\n]{17,}|[ \t]*\n[ \t]*\n[ \t]*\n[ \t\n]*/g

function collapsed(run: string): string {
  const lines = run.split('\n').length - 1
  if (lines === 0) return counted(run.length, run.includes('\t') ? 'blank' : 'space')
  // Indentation behind one or two line breaks is how people write.
  const indent = run.length - run.lastIndexOf('\n') - 1
  if (lines <= 2 && run.length - indent <= lines && indent <= 64) return run
  return `${counted(run.length - lines, 'blank')}${counted(lines, 'line break')}`
}

function counted(count: number, what: string): string {
  if (count === 0) return ''
  const digits = String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
  return `⟨${digits} ${what}${count === 1 ? '' : 's'}⟩`
}
