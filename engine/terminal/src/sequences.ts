/** What a terminal is told, one piece at a time. */
export type Told =
  | { readonly kind: 'print'; readonly text: string }
  | { readonly kind: 'control'; readonly code: Control }
  | { readonly kind: 'escape'; readonly code: Escape }
  | { readonly kind: 'csi'; readonly final: string; readonly parameters: readonly number[] }
  /** Private modes of DEC, of which it takes those of its own cells and cursor. */
  | { readonly kind: 'mode'; readonly set: boolean; readonly modes: readonly number[] }

/** Line feed, carriage return, backspace, tab; the second set of characters, and back. */
export type Control = '\n' | '\r' | '\b' | '\t' | '\u000e' | '\u000f'

/** Save and restore the cursor; index, next line, reverse index; ASCII or line drawing as the first or second set. */
export type Escape = '7' | '8' | 'D' | 'E' | 'M' | '(B' | '(0' | ')B' | ')0'

const escapes: ReadonlySet<string> = new Set<Escape>(['7', '8', 'D', 'E', 'M', '(B', '(0', ')B', ')0'])
/** Finals of control sequences that only move, erase, scroll or colour. Everything else is dropped whole. */
const allowed: ReadonlySet<string> = new Set('ABCDEFGHJKLMPSTXabdefmrsu`@')
const parametersMax = 32
const sequenceCharsMax = 256

/** An operating system command is the only string that a bell ends. */
type State = 'ground' | 'escape' | 'escape_intermediate' | 'csi' | 'osc' | 'string' | 'string_escape'

/**
 * Takes the output of a program apart. A recording is hostile: titles, clipboards, questions to the terminal, links,
 * images, keys and whatever else a sequence may ask for are consumed without effect, however they are cut into pieces.
 */
export class Sequences {
  #state: State = 'ground'
  #sequence = ''

  take(text: string): readonly Told[] {
    const told: Told[] = []
    let printed = ''
    const flush = (): void => {
      if (printed !== '') told.push({ kind: 'print', text: printed })
      printed = ''
    }
    for (const char of text) {
      if (this.#state === 'ground' && !isControl(char)) {
        printed += printable(char)
        continue
      }
      flush()
      const one = this.#state === 'ground' ? this.#control(char) : this.#within(char)
      if (one !== undefined) told.push(one)
    }
    flush()
    return told
  }

  #control(char: string): Told | undefined {
    switch (char) {
      case '\u001b':
        return this.#begin('escape')
      case '\u009b':
        return this.#begin('csi')
      case '\u0090':
      case '\u0098':
      case '\u009e':
      case '\u009f':
        return this.#begin('string')
      case '\u009d':
        return this.#begin('osc')
      case '\n':
      case '\u000b':
      case '\u000c':
        return { kind: 'control', code: '\n' }
      case '\r':
      case '\b':
      case '\t':
      case '\u000e':
      case '\u000f':
        return { kind: 'control', code: char }
      default:
        return undefined
    }
  }

  #within(char: string): Told | undefined {
    // They end whatever was begun, and ESC begins anew.
    if (char === '\u0018' || char === '\u001a') this.#state = 'ground'
    else if (char === '\u001b') this.#begin(this.#isString ? 'string_escape' : 'escape')
    else if (this.#isString) this.#string(char)
    // What controls do within a sequence they do at once, and it goes on; those above begin something else (ECMA-48 §5.2).
    else if (isControl(char)) return this.#controlWithin(char)
    else if (this.#state === 'string_escape') return this.#afterStringEscape(char)
    else if (this.#state === 'csi') return this.#csi(char)
    else return this.#escape(char)
    return undefined
  }

  get #isString(): boolean {
    return this.#state === 'osc' || this.#state === 'string'
  }

  #controlWithin(char: string): Told | undefined {
    if (char > '\u007f') this.#state = 'ground'
    return this.#control(char)
  }

  #escape(char: string): Told | undefined {
    if (this.#state === 'escape' && char === '[') return this.#begin('csi')
    if (this.#state === 'escape' && char === ']') return this.#begin('osc')
    if (this.#state === 'escape' && 'PX^_'.includes(char)) return this.#begin('string')
    if (this.#sequence.length < sequenceCharsMax) this.#sequence += char
    if (/[ -/]/.test(char)) {
      this.#state = 'escape_intermediate'
      return undefined
    }
    this.#state = 'ground'
    return isEscape(this.#sequence) ? { kind: 'escape', code: this.#sequence } : undefined
  }

  #begin(state: Exclude<State, 'ground'>): undefined {
    this.#state = state
    this.#sequence = ''
    return undefined
  }

  #string(char: string): void {
    if (char === '\u009c' || (char === '\u0007' && this.#state === 'osc')) this.#state = 'ground'
  }

  /** ESC \ ends a string; any other sequence does as well, and is one. */
  #afterStringEscape(char: string): Told | undefined {
    this.#state = 'ground'
    if (char === '\\') return undefined
    this.#begin('escape')
    return this.#escape(char)
  }

  #csi(char: string): Told | undefined {
    if (char < '@') {
      // One that never ends holds no memory.
      if (this.#sequence.length < sequenceCharsMax) this.#sequence += char
      return undefined
    }
    this.#state = 'ground'
    const [, mark, list] = /^(\??)([\d;:]*)$/.exec(this.#sequence) ?? []
    if (list === undefined || this.#sequence.length >= sequenceCharsMax) return undefined
    const parameters = list === '' ? [] : list.split(/[;:]/).slice(0, parametersMax).map(Number)
    if (mark === '?')
      return char === 'h' || char === 'l' ? { kind: 'mode', set: char === 'h', modes: parameters } : undefined
    return allowed.has(char) ? { kind: 'csi', final: char, parameters } : undefined
  }
}

function isEscape(sequence: string): sequence is Escape {
  return escapes.has(sequence)
}

function isControl(char: string): boolean {
  return char < ' ' || (char >= '\u007f' && char <= '\u009f')
}

/**
 * What has no place on a screen of its own is left out: it would hide or turn what stands beside it. Signs of a font's own
 * have one.
 */
function printable(char: string): string {
  if (/\p{Co}/u.test(char)) return '\ufffd'
  return /[\p{Cf}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(char) ? '' : char
}
