/** What a terminal is told, one piece at a time. */
export type Told =
  | { readonly kind: 'print'; readonly text: string }
  /** A single control: line feed, carriage return, backspace, tab. */
  | { readonly kind: 'control'; readonly code: '\n' | '\r' | '\b' | '\t' }
  | { readonly kind: 'csi'; readonly final: string; readonly parameters: readonly number[] }

/** Finals of control sequences that only move, erase, or colour. Everything else is dropped whole. */
const allowed = new Set('ABCDEFGHJKLMPSTXdfm@'.split(''))
const parametersMax = 32
const sequenceCharsMax = 256

type State = 'ground' | 'escape' | 'escape_intermediate' | 'csi' | 'string' | 'string_escape'

/**
 * Takes the output of a program apart. A recording is hostile: titles, clipboards, questions to the terminal, links,
 * images and whatever else a sequence may ask for are consumed without effect, however they are cut into pieces.
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
      if (this.#state !== 'ground') {
        const csi = this.#within(char)
        if (csi !== undefined) told.push(csi)
      } else if (isPrintable(char)) printed += char
      else {
        flush()
        const control = this.#control(char)
        if (control !== undefined) told.push(control)
      }
    }
    flush()
    return told
  }

  #control(char: string): Told | undefined {
    switch (char) {
      case '\u001b':
        this.#state = 'escape'
        return undefined
      case '\u009b':
        return this.#begin('csi')
      case '\u0090':
      case '\u0098':
      case '\u009d':
      case '\u009e':
      case '\u009f':
        return this.#begin('string')
      case '\n':
      case '\u000b':
      case '\u000c':
        return { kind: 'control', code: '\n' }
      case '\r':
      case '\b':
      case '\t':
        return { kind: 'control', code: char }
      default:
        return undefined
    }
  }

  #within(char: string): Told | undefined {
    // They end whatever was begun, and ESC begins anew.
    if (char === '\u0018' || char === '\u001a') this.#state = 'ground'
    else if (char === '\u001b') this.#state = this.#state === 'string' ? 'string_escape' : 'escape'
    else if (this.#state === 'string') this.#string(char)
    else if (this.#state === 'string_escape') return this.#afterStringEscape(char)
    else if (this.#state === 'csi') return this.#csi(char)
    else this.#escape(char)
    return undefined
  }

  #escape(char: string): void {
    const opens = this.#state === 'escape'
    if (opens && char === '[') this.#begin('csi')
    else if (opens && 'P]X^_'.includes(char)) this.#begin('string')
    else this.#state = /[ -/]/.test(char) ? 'escape_intermediate' : 'ground'
  }

  #begin(state: 'csi' | 'string'): undefined {
    this.#state = state
    this.#sequence = ''
    return undefined
  }

  #string(char: string): void {
    if (char === '\u0007' || char === '\u009c') this.#state = 'ground'
  }

  /** ESC \ ends a string; any other sequence does as well, and is one. */
  #afterStringEscape(char: string): Told | undefined {
    this.#state = 'ground'
    if (char === '\\') return undefined
    this.#state = 'escape'
    this.#escape(char)
    return undefined
  }

  #csi(char: string): Told | undefined {
    if (char < '@') {
      // One that never ends holds no memory.
      if (this.#sequence.length < sequenceCharsMax) this.#sequence += char
      return undefined
    }
    this.#state = 'ground'
    const plain = /^[\d;:]*$/.test(this.#sequence) && this.#sequence.length < sequenceCharsMax
    if (!plain || !allowed.has(char)) return undefined
    const parameters = this.#sequence.split(/[;:]/).slice(0, parametersMax).map(Number)
    return { kind: 'csi', final: char, parameters: this.#sequence === '' ? [] : parameters }
  }
}

/** What has no place on a screen of its own is left out: it would hide or turn what stands beside it. */
function isPrintable(char: string): boolean {
  return !/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.test(char)
}
