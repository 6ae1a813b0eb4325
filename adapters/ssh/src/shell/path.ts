/** One file or folder that a request names. */
export interface NamedPath {
  /** Absolute, or below `~`; without `.`, `..` and doubled slashes. `~/..` at its beginning: nobody knows where that is. */
  readonly path: string
  readonly access: 'read' | 'write' | 'unknown'
  /** Not one file: `*`, `?` and `[…]` stand for names. */
  readonly pattern: boolean
}

/**
 * The one form of a path, by its text alone: symbolic links are the target's, and nobody who stands outside can follow them
 * without a race. `from` is where relative ones begin: `~`, the folder in which a login starts.
 */
export function canonicalPath(path: string, from = '~'): string {
  const full = path.startsWith('/') || path === '~' || path.startsWith('~/') ? path : `${from}/${path}`
  const absolute = full.startsWith('/')
  const parts: string[] = []
  for (const part of full.split('/').slice(1)) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (!absolute) parts.push('..')
  }
  const rest = parts.join('/')
  if (absolute) return `/${rest}`
  return rest === '' ? '~' : `~/${rest}`
}

/**
 * What of an argument may be a path: itself, what follows `=`, and what follows an option's letter or one of `:@,`. Rather too
 * many than too few: rules deny by them, and never allow.
 */
export function pathsIn(argument: string): readonly string[] {
  if (argument === '' || argument === '-') return []
  const found = new Set<string>()
  if (!argument.startsWith('-')) found.add(argument)
  const equals = argument.indexOf('=')
  if (equals >= 0) found.add(argument.slice(equals + 1))
  const inner = /^-[A-Za-z](.+)$|[:@,]([/~.].*)$/.exec(argument)
  const tail = inner?.[1] ?? inner?.[2]
  if (tail !== undefined && !argument.startsWith('--')) found.add(tail)
  found.delete('')
  return [...found]
}
