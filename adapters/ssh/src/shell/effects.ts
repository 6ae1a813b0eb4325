import type { Effect } from './program.ts'

/** Options under which a program only reads, in the words of getopt(3). Whatever is not listed makes its effect unknown. */
interface Grammar {
  /** Letters without a value. */
  readonly flags?: string
  /** Letters with one. */
  readonly valued?: string
  /** Long options without and with a value. Abbreviations are not taken. */
  readonly long?: string
  readonly longValued?: string
  /** `-5` for a number of lines. */
  readonly numeric?: boolean
  readonly operandsMax?: number
  readonly operand?: RegExp
}

const hashed: Grammar = { flags: 'bctwz', long: 'binary check text quiet status strict warn tag zero' }
const grepped: Grammar = {
  flags: 'abcEFGHhiIlLnopPqrRsTUvVwxyzZ',
  // `-d recurse` reads folders, as no rule about options sees.
  valued: 'eABCmfD',
  long: 'count ignore-case invert-match line-number only-matching quiet recursive files-with-matches files-without-match with-filename no-filename word-regexp line-regexp extended-regexp fixed-strings perl-regexp text null color',
  longValued: 'regexp after-context before-context context max-count include exclude exclude-dir color file',
}
const asked: Grammar = { operandsMax: 0 }

/** Programs that only read, with the options that keep it so. Not here: what can write by an operand, or run a pager. */
const reading: { readonly [name: string]: Grammar } = {
  arch: asked,
  basename: { flags: 'az', valued: 's', long: 'multiple zero', longValued: 'suffix' },
  cat: { flags: 'AbeEnstTuv', long: 'number number-nonblank show-all show-ends show-tabs squeeze-blank' },
  cd: { operandsMax: 1 },
  cksum: {},
  cmp: {
    flags: 'bls',
    valued: 'in',
    long: 'print-bytes verbose silent quiet',
    longValued: 'ignore-initial bytes',
  },
  column: { flags: 'tnx', valued: 'scNo' },
  command: { flags: 'vV' },
  comm: { flags: '123z', long: 'check-order nocheck-order total', longValued: 'output-delimiter' },
  cut: {
    flags: 'nsz',
    valued: 'bcdf',
    long: 'complement only-delimited',
    longValued: 'bytes characters delimiter fields output-delimiter',
  },
  date: {
    flags: 'IuR',
    valued: 'dr',
    long: 'utc universal rfc-email iso-8601',
    longValued: 'date reference rfc-3339',
    operandsMax: 1,
    operand: /^\+/,
  },
  df: {
    flags: 'ahHiklPT',
    valued: 'tx',
    long: 'all human-readable si inodes local portability print-type total',
    longValued: 'type exclude-type block-size',
  },
  diff: {
    flags: 'abBcdeEilnNpqrstTuwy',
    valued: 'CUIxW',
    long: 'brief recursive ignore-case ignore-all-space ignore-space-change side-by-side',
    longValued: 'context unified exclude color width',
  },
  dirname: { flags: 'z', long: 'zero' },
  du: {
    flags: 'abcDhHkLlmPSsx',
    valued: 'dBt',
    long: 'all apparent-size human-readable summarize total',
    longValued: 'max-depth exclude block-size',
  },
  egrep: grepped,
  false: {},
  env: asked,
  fgrep: grepped,
  file: { flags: 'bhiklLNnrsz0', valued: 'F', long: 'brief mime mime-type mime-encoding dereference' },
  fold: { flags: 'bs', valued: 'w' },
  free: { flags: 'bghkmtw', long: 'human total wide bytes kibi mebi gibi', operandsMax: 0 },
  // Of the other two nobody but root reads anything, and root reads the hashes.
  getent: { operand: /^(?!g?shadow$)/ },
  grep: grepped,
  groups: {},
  head: { flags: 'qvz', valued: 'cn', long: 'quiet verbose', longValued: 'lines bytes', numeric: true },
  hostname: {
    flags: 'AdfiIsy',
    long: 'fqdn short domain ip-address all-fqdns all-ip-addresses',
    operandsMax: 0,
  },
  id: { flags: 'agGnruz', long: 'user group groups name real' },
  join: { flags: 'iz', valued: 'aejotv12' },
  last: { flags: 'adFiRwx', valued: 'nst', numeric: true },
  locale: { flags: 'ackm' },
  ls: {
    flags: 'aAbBcCdDfFgGhHiklLmnNopqQrRsStuUvxXZ1',
    valued: 'ITw',
    long: 'all almost-all human-readable recursive reverse size inode directory classify full-time group-directories-first numeric-uid-gid dereference color',
    longValued: 'color sort time time-style format indicator-style quoting-style block-size ignore hide',
  },
  lsblk: { flags: 'abdfJlmnpPrStz', valued: 'oex', long: 'all json fs', longValued: 'output' },
  lscpu: { flags: 'aeJpxy', long: 'json' },
  md5sum: hashed,
  nl: { flags: 'p', valued: 'bdfhilnsvw' },
  nproc: { long: 'all', longValued: 'ignore', operandsMax: 0 },
  od: { flags: 'abcdfiloshvwx', valued: 'AjNt' },
  paste: { flags: 'sz', valued: 'd' },
  printenv: { flags: '0' },
  ps: {
    flags: 'aAdefFHjlLMNwyTx',
    valued: 'CGgopsUutk',
    long: 'forest headers no-headers',
    longValued: 'sort pid ppid user format',
    operand: /^[a-zA-Z]+$/,
  },
  pwd: { flags: 'LP', operandsMax: 0 },
  readlink: { flags: 'efmnqsvz', long: 'canonicalize' },
  realpath: { flags: 'emLPqsz', longValued: 'relative-to relative-base' },
  rev: {},
  seq: { flags: 'w', valued: 'fs' },
  sha1sum: hashed,
  sha256sum: hashed,
  sha512sum: hashed,
  sleep: { operand: /^[0-9.]+[smhd]?$/ },
  sort: {
    flags: 'bdfghiMnRrVcCmsuz',
    valued: 'kt',
    long: 'reverse numeric-sort human-numeric-sort unique ignore-case version-sort check stable',
    longValued: 'key field-separator',
  },
  ss: { flags: '046aehHilmnOprstTuwx', operandsMax: 0 },
  stat: { flags: 'fLt', valued: 'c', long: 'dereference file-system terse', longValued: 'format printf' },
  strings: { flags: 'afo', valued: 'nte' },
  sum: {},
  tac: { flags: 'br', valued: 's' },
  tail: {
    flags: 'fFqvz',
    valued: 'cns',
    long: 'follow quiet verbose retry',
    longValued: 'lines bytes follow pid sleep-interval',
    numeric: true,
  },
  tr: { flags: 'cCdst', long: 'complement delete squeeze-repeats truncate-set1' },
  true: {},
  uname: { flags: 'aimnoprsv', long: 'all', operandsMax: 0 },
  // The second operand is written to.
  uniq: {
    flags: 'cdDiuz',
    valued: 'fsw',
    long: 'count repeated unique ignore-case',
    longValued: 'skip-fields skip-chars check-chars',
    operandsMax: 1,
  },
  uptime: { flags: 'ps', operandsMax: 0 },
  w: { flags: 'fhiosu' },
  wc: { flags: 'clmLw', long: 'bytes chars lines words max-line-length' },
  which: { flags: 'a' },
  who: { flags: 'abdHlmpqrsTtuw' },
  whoami: asked,
}

/** Programs that change files in no other way than their name says, whatever their options, and run nothing else. */
const writing: ReadonlySet<string> = new Set(
  'chgrp chmod chown cp kill ln mkdir mkfifo mv rm rmdir tee touch truncate unlink'.split(' '),
)

/** Whatever their arguments look like; `printf -v` and `test -v` are refused by themselves. */
const free: ReadonlySet<string> = new Set(['echo', 'printf', 'test', '['])

/** Tests and actions of find(1) that neither change nor run anything. */
const finding: ReadonlySet<string> = new Set(
  '-a -amin -and -atime -cmin -ctime -daystart -depth -empty -false -follow -gid -group -iname -inum -ipath -iregex -links -ls -maxdepth -mindepth -mmin -mount -mtime -name -newer -nogroup -not -nouser -o -or -path -perm -print -print0 -printf -prune -readable -regex -regextype -samefile -size -true -type -uid -user -writable -xdev -H -L -P'.split(
    ' ',
  ),
)

/** Scripts of sed(1) that only choose lines: `10p`, `1,20p`, `$p`, `/word/p` has too many readings. */
const choosing = /^(?:\d+|\$)(?:,(?:\d+|\$))?[pdq]$/

const none: ReadonlySet<string> = new Set()

/** What it does, by the table; `unknown` for what is in none. */
export function effectOf(
  name: string,
  args: readonly string[],
  patterns: ReadonlySet<string> = none,
): Effect {
  if (name === 'find') return findsOnly(args) ? 'read' : 'unknown'
  if (name === 'sed') return choosesOnly(args) ? 'read' : 'unknown'
  if (writing.has(name)) return 'write'
  if (free.has(name)) return 'read'
  const grammar = Object.hasOwn(reading, name) ? reading[name] : undefined
  if (grammar === undefined) return 'unknown'
  // A pattern becomes as many operands as there are names: `uniq x*` writes to the second.
  const counted = grammar.operandsMax !== undefined || grammar.operand !== undefined
  if (counted && args.some((argument) => patterns.has(argument))) return 'unknown'
  return fits(grammar, args) ? 'read' : 'unknown'
}

function findsOnly(args: readonly string[]): boolean {
  return args.every(
    (argument) => !argument.startsWith('-') || finding.has(argument) || /^-[0-9.]+[a-zA-Z]*$/.test(argument),
  )
}

function choosesOnly(args: readonly string[]): boolean {
  const [silent, script = '', ...files] = args
  return silent === '-n' && choosing.test(script) && files.every((file) => !file.startsWith('-'))
}

function fits(grammar: Grammar, args: readonly string[]): boolean {
  let operands = 0
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? ''
    if (argument === '--') {
      operands += args.length - at - 1
      if (grammar.operand !== undefined && !args.slice(at + 1).every((one) => grammar.operand?.test(one)))
        return false
      break
    }
    if (!/^-./.test(argument)) {
      operands++
      if (grammar.operand?.test(argument) === false) return false
      continue
    }
    const takes = argument.startsWith('--') ? longTakes(grammar, argument) : shortTakes(grammar, argument)
    if (takes === undefined) return false
    at += takes
  }
  return operands <= (grammar.operandsMax ?? Infinity)
}

/** How many further arguments an option takes; `undefined` where it is not listed. */
function longTakes({ long = '', longValued = '' }: Grammar, argument: string): 0 | 1 | undefined {
  const [name = '', value] = argument.slice(2).split('=', 2)
  if (longValued.split(' ').includes(name) && value !== undefined) return 0
  if (value !== undefined) return undefined
  if (long.split(' ').includes(name)) return 0
  return longValued.split(' ').includes(name) ? 1 : undefined
}

function shortTakes(
  { flags = '', valued = '', numeric = false }: Grammar,
  argument: string,
): 0 | 1 | undefined {
  if (numeric && /^-[0-9]+$/.test(argument)) return 0
  const letters = argument.slice(1)
  for (const [at, letter] of [...letters].entries()) {
    if (valued.includes(letter)) return at === letters.length - 1 ? 1 : 0
    if (!flags.includes(letter)) return undefined
  }
  return 0
}
