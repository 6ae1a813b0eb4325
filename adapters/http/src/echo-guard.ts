import { refusal, Refused, type Credential } from '@sluice/core'
import { escapesOf } from './escaped.ts'

/**
 * Finds the gateway's own credential in an answer: a target that shows requests back, as many do for debugging, would hand
 * it to the caller. In the forms in which it may come: as it is, as hexadecimal, in base64 wherever it begins, and escaped
 * for URLs, JSON and pages. An answer with it ends there.
 */
export class EchoGuard {
  #forms: Forms
  /** The end of what has passed, which may be the beginning of it. */
  #held: Buffer = nothing

  constructor(forms: Forms) {
    this.#forms = forms
  }

  /** Before anything of the answer has passed: it was asked for with another credential. */
  watchFor(forms: Forms): void {
    this.#forms = forms
  }

  /** What may leave now; the rest is given back with the next piece, or by `end`. Throws `Refused`. */
  pass(bytes: Buffer): Buffer {
    const all = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes])
    this.#refuse(all)
    const end = all.length - this.#undecided(all)
    this.#held = all.subarray(end)
    return all.subarray(0, end)
  }

  end(): Buffer {
    const rest = this.#held
    this.#held = nothing
    return rest
  }

  /** Of headers, or anything else that is there at once. Throws `Refused`. */
  refuse(text: string): void {
    this.#refuse(Buffer.from(text, 'latin1'))
  }

  #refuse(bytes: Buffer): void {
    for (const form of this.#forms.all)
      if (form.length <= bytes.length && bytes.includes(form)) throw new Refused(echoed)
  }

  /** How many bytes at the end are the beginning of one of its forms. */
  #undecided(bytes: Buffer): number {
    const from = Math.max(0, bytes.length - this.#forms.longest + 1)
    for (let at = from; at < bytes.length; at++) {
      const length = bytes.length - at
      for (const form of this.#forms.byFirst.get(bytes[at] ?? 0) ?? [])
        if (length < form.length && form.compare(bytes, at, bytes.length, 0, length) === 0) return length
    }
    return 0
  }
}

const nothing = Buffer.alloc(0)

/** Shorter ones would be found where they are not. */
const charsMin = 6

const echoed = refusal(
  'denied',
  'http/credential_echo',
  'The target put the credential of the gateway into its answer, which was withheld.',
)

/** What is looked for. */
export interface Forms {
  readonly all: readonly Buffer[]
  readonly longest: number
  readonly byFirst: ReadonlyMap<number, readonly Buffer[]>
}

/** A credential is kept between requests: what it looks like is made out once. */
const known = new WeakMap<Credential, Forms>()

/** The forms of a credential. `undefined`: there is nothing to look for. */
export function formsOf(credential: Credential): Forms | undefined {
  if (credential.password.length < charsMin) return undefined
  const forms = known.get(credential) ?? madeOut(credential)
  known.set(credential, forms)
  return forms
}

function madeOut({ user, password }: Credential): Forms {
  const secret = Buffer.from(password)
  const hex = secret.toString('hex')
  const texts = new Set([
    password,
    hex,
    hex.toUpperCase(),
    ...escapesOf(password),
    ...base64At(secret),
    Buffer.from(`${user}:${password}`).toString('base64').replace(/=+$/, ''),
  ])
  const all = Array.from(texts, (text) => Buffer.from(text))
  return {
    all,
    longest: Math.max(...all.map(({ length }) => length)),
    byFirst: Map.groupBy(all, ([first = 0]) => first),
  }
}

/** In base64 three bytes become four characters: what is certain of them depends on where the secret begins. */
function base64At(secret: Buffer): readonly string[] {
  const found: string[] = []
  for (const before of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(before), secret])
      .toString('base64')
      .replace(/=+$/, '')
    const certain = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + secret.length) * 8) / 6))
    found.push(certain, certain.replaceAll('+', '-').replaceAll('/', '_'))
  }
  return found
}
