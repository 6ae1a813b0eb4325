import { createHash } from 'node:crypto'
import { limits, type PolicyInput } from '@sluice/core'

/** Turns an input document into the JSON text of what a bundle can read of it. */
export type Projection = (input: PolicyInput) => string

/**
 * The text is both what is evaluated and, with the revision, the key of the decision cache: two inputs share a
 * decision exactly when the policy could not tell them apart.
 *
 * `reads` are the compiler's: paths of `input`, the empty one for the whole document.
 */
export function projectionOf(reads: readonly (readonly string[])[]): Projection {
  return projected(treeOf(reads))
}

/** The paths as a tree; a branch without children is wanted whole. */
interface Branch {
  readonly key: string
  readonly children: readonly Branch[]
}

function treeOf(paths: readonly (readonly string[])[]): readonly Branch[] | 'whole' {
  if (paths.some((path) => path.length === 0)) return 'whole'
  const groups = Map.groupBy(paths, (path) => path[0] ?? '')
  return [...groups].map(([key, group]) => {
    const below = treeOf(group.map((path) => path.slice(1)))
    return { key, children: below === 'whole' ? [] : below }
  })
}

function projected(tree: readonly Branch[] | 'whole'): Projection {
  const encode = encoder()
  if (tree === 'whole') return (input) => encode(input)
  const write = writer(tree, encode)
  return (input) => write(input as unknown as Fields)
}

type Fields = Readonly<Record<string, unknown>>

/** Writes an object with only the keys of `branches`. An absent key stays absent, as it would in the whole document. */
function writer(branches: readonly Branch[], encode: (value: unknown) => string): (value: Fields) => string {
  const parts = branches.map(({ key, children }) => ({
    key,
    prefix: `${JSON.stringify(key)}:`,
    write: children.length === 0 ? encode : remembered(writer(children, encode), encode),
  }))
  return (value) => {
    let text = ''
    for (const { key, prefix, write } of parts) {
      // What an object inherits (`constructor`) is not in its document.
      const part = Object.hasOwn(value, key) ? value[key] : undefined
      if (part === undefined) continue
      text += text === '' ? prefix : `,${prefix}`
      text += write(part)
    }
    return `{${text}}`
  }
}

/** What is no object has nothing below it, and is given whole: a rule may see that it is none. */
function remembered(
  write: (value: Fields) => string,
  encode: (value: unknown) => string,
): (value: unknown) => string {
  const texts = new WeakMap<object, string>()
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return encode(value)
    const known = texts.get(value)
    if (known !== undefined) return known
    const text = write(value as Fields)
    if (isDeeplyFrozen(value)) texts.set(value, text)
    return text
  }
}

/** JSON text of a part. Frozen parts come again and again by identity: subject, target, an action's relations. */
function encoder(): (value: unknown) => string {
  const texts = new WeakMap<object, string>()
  return (value) => {
    if (typeof value !== 'object' || value === null) return leaves(value)
    const known = texts.get(value)
    if (known !== undefined) return known
    const text = leaves(value)
    if (isDeeplyFrozen(value)) texts.set(value, text)
    return text
  }
}

/** A text above the limit is replaced by what identifies it. */
function leaves(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  return Buffer.byteLength(text) <= limits.policyLeafBytesMax ? text : JSON.stringify(value, shortened)
}

function shortened(_key: string, value: unknown): unknown {
  if (typeof value !== 'string' || value.length * 3 <= limits.policyLeafBytesMax) return value
  const bytes = Buffer.byteLength(value)
  if (bytes <= limits.policyLeafBytesMax) return value
  return { type: 'string', bytes, sha256: createHash('sha256').update(value).digest('hex') }
}

/** Only what can never change may be remembered. */
function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen)
}
