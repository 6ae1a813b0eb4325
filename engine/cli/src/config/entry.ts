import { hostOf } from './address.ts'
import type { Located, Path } from './document.ts'
import { nearest } from './nearest.ts'
import type { Problem } from './problem.ts'

/** One entry of a file whose keys depend on its kind, and what is wrong with it. */
export class Entry<Raw extends object> {
  readonly problems: Problem[] = []
  readonly raw: Raw
  readonly at: Path
  readonly #document: Located

  constructor(document: Located, at: Path, raw: Raw) {
    this.#document = document
    this.at = at
    this.raw = raw
  }

  needed<Key extends keyof Raw & string>(key: Key): Raw[Key] | undefined {
    const value = this.raw[key]
    if (value === undefined)
      this.problems.push(this.#document.problem(this.at, `${this.at.join('.')} lacks "${key}"`))
    return value
  }

  /** `kind`: what it is, for people. */
  refuseOthersThan(known: readonly string[], kind: string): void {
    for (const key of Object.keys(this.raw).filter((one) => !known.includes(one))) {
      const near = nearest(key, known)
      this.problems.push(
        this.#document.problem(
          [...this.at, key],
          `unknown key "${key}" in ${this.at.join('.')}, a ${kind}`,
          near === null ? `valid keys: ${known.join(', ')}` : `did you mean "${near}"?`,
        ),
      )
    }
  }

  say(key: keyof Raw & string, what: string, hint: string | null = null): void {
    const at = [...this.at, key]
    this.problems.push(this.#document.problem(at, `${at.join('.')} ${what}`, hint))
  }

  /** HTTP away from this machine is encrypted. */
  url(key: keyof Raw & string, text: string): URL {
    const url = new URL(text)
    const isLocal = isLoopback(hostOf(url))
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal))
      this.say(key, 'must begin with https:// (http:// is for this machine)')
    if (url.username !== '' || url.password !== '')
      this.say(key, 'holds a login, which belongs into keys of its own')
    return url
  }
}

export function isLoopback(host: string): boolean {
  return ['127.0.0.1', '::1', 'localhost'].includes(host)
}
