/** The far end of a copy, of which the near end speaks a protocol of its own over stdin and stdout. */
export interface Transfer {
  readonly kind: 'scp' | 'rsync' | 'git'
  /** As the caller sees it. */
  readonly direction: 'upload' | 'download'
  readonly paths: readonly string[]
  /** Folders with what is in them. */
  readonly recursive: boolean
  /** What is there and not at the near end is removed. */
  readonly deletes: boolean
}

/** The exact forms in which scp, rsync and git start their far end. Anything else of theirs is an interpreter. */
export function transferOf(name: string, args: readonly string[]): Transfer | null {
  switch (name) {
    case 'scp':
      return scp(args)
    case 'rsync':
      return rsync(args)
    case 'git-upload-pack':
    case 'git-receive-pack':
      return git(name.slice('git-'.length), args)
    case 'git':
      return git(args[0] ?? '', args.slice(1))
    default:
      return null
  }
}

/** `scp [-v] [-r] [-p] [-q] [-d] -t|-f [--] path`, as OpenSSH writes it. */
function scp(args: readonly string[]): Transfer | null {
  const options = args.filter((argument) => /^-[vrpqdtf]$/.test(argument))
  const rest = args.slice(options.length)
  const paths = rest[0] === '--' ? rest.slice(1) : rest
  const exact = options.every((option, at) => args[at] === option)
  const upload = options.includes('-t')
  if (!exact || upload === options.includes('-f') || paths.length === 0 || (upload && paths.length > 1))
    return null
  if (rest[0] !== '--' && paths.some((path) => path.startsWith('-'))) return null
  return {
    kind: 'scp',
    direction: upload ? 'upload' : 'download',
    paths,
    recursive: options.includes('-r'),
    deletes: false,
  }
}

/** Letters without a value that a client sends, then its capabilities behind `e.`; `s` is not here: it hides the paths. */
const letters = /^-[vqlogDtprzuxSHAXnRWcCIOJmbhyEUNKkLdi]*(?:e[0-9.]*\.[a-zA-Z]*)?$/
const longOptions =
  /^--(?:delete(?:-before|-during|-delay|-after|-excluded)?|partial|inplace|append|numeric-ids|stats|existing|ignore-existing|size-only|ignore-times|whole-file|no-whole-file|checksum|no-implied-dirs|force|safe-links|munge-links|copy-unsafe-links|(?:timeout|bwlimit|block-size|max-size|min-size|modify-window|compress-level|max-delete)=[\w.]+|(?:compress-choice|checksum-choice)=[\w,]+|log-format=[%\w]+|no-[a-z])$/

/** `rsync --server [--sender] -letters [--long …] . path …` */
function rsync(args: readonly string[]): Transfer | null {
  if (args[0] !== '--server') return null
  const sender = args[1] === '--sender'
  const rest = args.slice(sender ? 2 : 1)
  const dot = rest.indexOf('.')
  if (dot < 0) return null
  const options = rest.slice(0, dot)
  const paths = rest.slice(dot + 1)
  if (paths.length === 0 || paths.some((path) => path.startsWith('-'))) return null
  if (!options.every((option) => letters.test(option) || longOptions.test(option))) return null
  return {
    kind: 'rsync',
    direction: sender ? 'download' : 'upload',
    paths,
    recursive: options.some((option) => /^-[^-]*r/.test(option.replace(/e\..*/, ''))),
    deletes: options.some((option) => option.startsWith('--delete')),
  }
}

function git(command: string, args: readonly string[]): Transfer | null {
  const [path = ''] = args
  if (args.length !== 1 || path === '' || path.startsWith('-')) return null
  const direction = command === 'upload-pack' ? 'download' : command === 'receive-pack' ? 'upload' : null
  return direction === null
    ? null
    : { kind: 'git', direction, paths: [path], recursive: true, deletes: direction === 'upload' }
}
