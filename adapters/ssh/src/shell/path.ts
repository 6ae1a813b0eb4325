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
  return walked(path, from).path
}

/**
 * Whether `..` stands behind a folder. Where that is a link, as `/var/run` is nearly everywhere, a shell's program goes on
 * above what it leads to, which the text does not say.
 */
export function climbs(path: string, from = '~'): boolean {
  return walked(path, from).climbs
}

/** Whether it goes on below an open file: `/dev/stdin/x` is in the folder that stdin is, wherever that may be. */
export function isThroughDescriptor(canonical: string): boolean {
  return /^\/(?:dev\/(?:fd\/[^/]+|std(?:in|out|err))|proc\/(?:.+\/)?(?:root|cwd|fd\/[^/]+))\/./.test(
    canonical,
  )
}

function walked(path: string, from: string): { readonly path: string; readonly climbs: boolean } {
  const full = path.startsWith('/') || path === '~' || path.startsWith('~/') ? path : `${from}/${path}`
  const absolute = full.startsWith('/')
  const parts: string[] = []
  let climbs = false
  for (const part of full.split('/').slice(1)) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.length > 0 && parts.at(-1) !== '..') {
      parts.pop()
      climbs = true
    } else if (!absolute) parts.push('..')
  }
  const rest = parts.join('/')
  if (absolute) return { path: `/${rest}`, climbs }
  return { path: rest === '' ? '~' : `~/${rest}`, climbs }
}

/**
 * What of an argument may be a path: itself, what follows `=`, and what follows an option's letter or one of `:@,`. Rather too
 * many than too few: rules deny by them, and never allow.
 */
export function pathsIn(argument: string): readonly string[] {
  if (argument === '' || argument === '-') return []
  const found = new Set<string>()
  // Behind `--` it may begin with a hyphen.
  if (!argument.startsWith('-') || argument.includes('/')) found.add(argument)
  const equals = argument.indexOf('=')
  if (equals >= 0) found.add(argument.slice(equals + 1))
  const inner = /^-[A-Za-z](.+)$|[:@,]([/~.].*)$/.exec(argument)
  const tail = inner?.[1] ?? inner?.[2]
  if (tail !== undefined && !argument.startsWith('--')) found.add(tail)
  // `-vf/etc/shadow`: options without a value before one that has it.
  const letters = /^-[A-Za-z]+/.exec(argument)?.[0].length ?? 0
  for (let at = 3; at <= letters; at++) found.add(argument.slice(at))
  found.delete('')
  return [...found]
}
