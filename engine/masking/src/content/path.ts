import { InvalidMask } from './rules.ts'

/** One part of a path: the members of an object or the elements of an array that it leads to. */
export type Step = { readonly deep: boolean } & (
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'element'; readonly index: number }
  | { readonly kind: 'any' }
)

/** A path of JSON (RFC 9535) with names, indexes, `*` and `..`, and without what needs more than one look. */
export interface Path {
  readonly text: string
  /** `deep` ones lead to what is anywhere below, not only directly. */
  readonly steps: readonly Step[]
}

/** E.g. `$.customers[*].ssn`, `$..card`, `$['a b'][0]`. Throws `InvalidMask`. */
export function compilePath(path: string): Path {
  if (!path.startsWith('$')) throw new InvalidMask(path, 'a path begins with $')
  const steps: Step[] = []
  const part = new RegExp(pattern, 'uy')
  part.lastIndex = 1
  while (part.lastIndex < path.length) {
    const at = part.lastIndex
    const found = part.exec(path)?.groups
    if (found === undefined) throw new InvalidMask(path, `this is no name, index or * : ${path.slice(at)}`)
    steps.push(stepOf(path, found))
  }
  if (steps.length > stepsMax) throw new InvalidMask(path, `a path has at most ${stepsMax} parts`)
  return { text: path, steps }
}

const stepsMax = 32

const pattern = [
  String.raw`(?:(?<deep>\.\.)|\.)(?:(?<short>[\p{L}_][\p{L}\p{M}\d_]*)|\*)`,
  String.raw`(?<deepToo>\.\.)?\[(?:'(?<single>(?:[^'\\]|\\.)*)'|"(?<double>(?:[^"\\]|\\.)*)"|(?<index>0|[1-9]\d{0,8})|\*)\]`,
].join('|')

function stepOf(path: string, found: { readonly [group: string]: string | undefined }): Step {
  const { short, single, double, index } = found
  const deep = (found['deep'] ?? found['deepToo']) !== undefined
  if (index !== undefined) return { deep, kind: 'element', index: Number(index) }
  const name = short ?? (single === undefined ? quoted(path, double) : quoted(path, withDouble(single)))
  return name === undefined ? { deep, kind: 'any' } : { deep, kind: 'name', name }
}

/** The quotes of a name in single ones are those of JSON the other way round. */
function withDouble(single: string): string {
  return single.replace(/\\.|"/gu, (part) => (part === "\\'" ? "'" : part === '"' ? '\\"' : part))
}

function quoted(path: string, body: string | undefined): string | undefined {
  if (body === undefined) return undefined
  try {
    return JSON.parse(`"${body}"`) as string
  } catch {
    throw new InvalidMask(path, 'a name in it is not well quoted')
  }
}
