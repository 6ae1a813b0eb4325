import type { RecordingStep } from '@sluice/api'
import { escapedJson } from '../../escaped-json.ts'

/** What terminals of a session showed, each as asciicast v2. */
export class Asciicasts {
  readonly #terminals = new Map<string, string[]>()

  take(step: RecordingStep): void {
    if (step.step !== 'answer') return
    for (const part of step.parts) {
      if (part.kind !== 'terminal') continue
      const lines = this.#terminals.get(step.exchange) ?? []
      this.#terminals.set(step.exchange, lines)
      lines.push(`${escapedJson(part.line)}\n`)
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
