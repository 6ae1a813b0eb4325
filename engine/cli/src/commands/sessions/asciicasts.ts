import type { RecordingStep } from '@sluice/api'

/** What terminals of a session showed, each as asciicast v2. */
export class Asciicasts {
  readonly #terminals = new Map<string, string[]>()

  take(step: RecordingStep): void {
    if (step.step !== 'answer') return
    for (const part of step.parts) {
      if (part.kind !== 'terminal') continue
      const lines = this.#terminals.get(step.exchange) ?? []
      this.#terminals.set(step.exchange, lines)
      lines.push(`${escaped(part.line)}\n`)
    }
  }

  /** That of an exchange, or the only one. Throws when there is none, or when there are several. */
  of(exchange: string | null): string {
    const names = [...this.#terminals.keys()]
    const [only] = names
    if (only === undefined) throw new Error('nothing in this session had a terminal')
    if (exchange === null && names.length > 1)
      throw new Error(`it has ${names.length} terminals, name one with --exchange: ${names.join(', ')}`)
    const lines = this.#terminals.get(exchange ?? only)
    if (lines === undefined)
      throw new Error(`its exchange ${exchange} had no terminal; these had: ${names.join(', ')}`)
    return lines.join('')
  }
}

/**
 * The same JSON with all escaped that a terminal would obey: JSON itself escapes only the controls of ASCII. A player
 * obeys what is in it all the same.
 */
function escaped(json: string): string {
  return json.replaceAll(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, (char) =>
    Array.from(
      { length: char.length },
      (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  )
}
