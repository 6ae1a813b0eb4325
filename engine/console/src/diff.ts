/** A piece of two texts: in both, only in the former, or only in the latter. */
export interface DiffPiece {
  readonly kind: 'same' | 'gone' | 'new'
  readonly text: string
}

/** Comparing costs the product of both; larger texts are told apart only by what they begin and end with. */
const comparedMax = 1_000_000
/** Longer texts are not compared at all. */
const comparedCharsMax = 100_000

/** Word by word. */
export function diffOf(before: string, after: string): readonly DiffPiece[] {
  if (before.length + after.length > comparedCharsMax && before !== after)
    return joined([
      { kind: 'gone', text: before },
      { kind: 'new', text: after },
    ])
  const [a, b] = [wordsOf(before), wordsOf(after)]
  let [start, end] = [0, 0]
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
    end += 1
  const [middleA, middleB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  return joined([
    ...a.slice(0, start).map(same),
    ...between(middleA, middleB),
    ...a.slice(a.length - end).map(same),
  ])
}

/** From nothing in common, 0, to the same, 1. */
export function likeness(before: string, after: string): number {
  const pieces = diffOf(before, after)
  const length = (kind: DiffPiece['kind']): number =>
    pieces.reduce((sum, piece) => sum + (piece.kind === kind ? piece.text.length : 0), 0)
  const common = 2 * length('same')
  return common === 0 ? 0 : common / (common + length('gone') + length('new'))
}

function wordsOf(text: string): readonly string[] {
  return text.match(/\w+|\s+|[^\w\s]/g) ?? []
}

function same(text: string): DiffPiece {
  return { kind: 'same', text }
}

function between(a: readonly string[], b: readonly string[]): readonly DiffPiece[] {
  const gone = (text: string): DiffPiece => ({ kind: 'gone', text })
  const added = (text: string): DiffPiece => ({ kind: 'new', text })
  if (a.length * b.length > comparedMax) return [...a.map(gone), ...b.map(added)]
  const lengths = commonLengths(a, b)
  const pieces: DiffPiece[] = []
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    const [left = '', right = ''] = [a[i], b[j]]
    if (left === right) {
      pieces.push(same(left))
      i += 1
      j += 1
    } else if ((lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0)) {
      pieces.push(gone(left))
      i += 1
    } else {
      pieces.push(added(right))
      j += 1
    }
  }
  return [...pieces, ...a.slice(i).map(gone), ...b.slice(j).map(added)]
}

/** Of the longest common part of what follows each pair of places. */
function commonLengths(a: readonly string[], b: readonly string[]): readonly Uint32Array[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i]
      const below = lengths[i + 1]
      if (row === undefined || below === undefined) continue
      row[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0)
    }
  return lengths
}

function joined(pieces: readonly DiffPiece[]): readonly DiffPiece[] {
  const whole: DiffPiece[] = []
  for (const piece of pieces) {
    const last = whole.at(-1)
    if (last?.kind === piece.kind) whole[whole.length - 1] = { kind: last.kind, text: last.text + piece.text }
    else whole.push(piece)
  }
  return whole
}
