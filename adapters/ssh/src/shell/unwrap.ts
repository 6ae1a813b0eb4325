import { nameOf } from './program.ts'

/** Of a program that runs the rest of its arguments: what may stand before these. */
interface Wrapper {
  readonly flags: readonly string[]
  /** Options that take the next argument. */
  readonly valued: readonly string[]
  /** Options with their value attached. */
  readonly attached?: RegExp
  /** How many arguments of its own follow its options. */
  readonly own: number
  /** What it runs may go on after the session. */
  readonly detaches?: true
}

/** Each stops at its first operand. An option that is not listed leaves the line opaque. */
const wrappers: { readonly [name: string]: Wrapper } = {
  command: { flags: [], valued: [], own: 0 },
  doas: { flags: ['-n'], valued: ['-u'], own: 0 },
  env: { flags: ['-i', '-', '--ignore-environment'], valued: [], own: 0 },
  exec: { flags: [], valued: [], own: 0 },
  ionice: { flags: ['-t'], valued: ['-c', '-n'], attached: /^-[cn][0-7]$/, own: 0 },
  nice: { flags: [], valued: ['-n'], attached: /^(?:-n-?\d+|-\d+|--adjustment=-?\d+)$/, own: 0 },
  nohup: { flags: [], valued: [], own: 0, detaches: true },
  setsid: { flags: ['-w', '--wait', '-f', '--fork', '-c'], valued: [], own: 0, detaches: true },
  stdbuf: {
    flags: [],
    valued: [],
    attached: /^(?:-[ioe](?:L|\d+)|--(?:input|output|error)=(?:L|\d+))$/,
    own: 0,
  },
  sudo: {
    flags: ['-n', '-H', '--non-interactive'],
    valued: ['-u'],
    attached: /^(?:-u[\w.-]+|--user=[\w.-]+)$/,
    own: 0,
  },
  timeout: {
    flags: ['--preserve-status', '--foreground', '-v', '--verbose'],
    valued: ['-s', '-k'],
    attached: /^--(?:signal|kill-after)=[\w.]+$/,
    own: 1,
  },
}

export type Unwrapped =
  | { readonly kind: 'itself' }
  /** It runs these words as a command. */
  | { readonly kind: 'program'; readonly words: readonly string[]; readonly detaches: boolean }
  /** It runs this text as a command line. */
  | { readonly kind: 'script'; readonly text: string }
  | { readonly kind: 'opaque' }

/** Shells that read a script as `sh` does. Others speak languages of their own. */
const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'dash', 'ash'])
const scriptOptions: ReadonlySet<string> = new Set(['-c', '-lc', '-ec'])

/** What a program runs by its arguments, where its grammar is known. */
export function unwrap(name: string, args: readonly string[]): Unwrapped {
  if (shells.has(name)) {
    const [option = '', text] = args
    return scriptOptions.has(option) && text !== undefined && !/^[-+]/.test(text)
      ? { kind: 'script', text }
      : { kind: 'opaque' }
  }
  if (name === 'busybox') {
    const [applet] = args
    return applet === undefined || applet.startsWith('-')
      ? { kind: 'opaque' }
      : { kind: 'program', words: args, detaches: false }
  }
  if (name === 'env' && args.length === 0) return { kind: 'itself' }
  if (name === 'command' && /^-[vV]$/.test(args[0] ?? '')) return { kind: 'itself' }
  const wrapper = Object.hasOwn(wrappers, name) ? wrappers[name] : undefined
  return wrapper === undefined ? { kind: 'itself' } : unwrapped(wrapper, args)
}

function unwrapped(wrapper: Wrapper, args: readonly string[]): Unwrapped {
  let at = 0
  while (args[at]?.startsWith('-') === true) {
    const option = args[at] ?? ''
    at++
    if (option === '--') break
    if (wrapper.flags.includes(option) || wrapper.attached?.test(option) === true) continue
    if (!wrapper.valued.includes(option) || args[at] === undefined) return { kind: 'opaque' }
    at++
  }
  const words = args.slice(at + wrapper.own)
  const [program] = words
  // `NAME=value` is a variable to env and sudo.
  if (program === undefined || program.startsWith('-') || nameOf(program).includes('='))
    return { kind: 'opaque' }
  return { kind: 'program', words, detaches: wrapper.detaches === true }
}
