/**
 * What is a secret by its name or its shape, in whatever protocol it is sent. Secrets are blanked before anything is
 * recorded or shown; names and shapes are those that are in common use, since nobody can tell all of them.
 */

const named =
  /passw(?:or)?d|passphrase|passcode|secret|credential|api[_-]?key|access[_-]?key|private[_-]?key|(?:^|[_.-])(?:pass|pwd|pgpass)(?:$|[_.-])|(?:^|[_.-])(?:access|refresh|auth|api|bearer|session|id|jwt|security)?[_-]?token$/i

/** Whether what has this name is a secret: a column, an option, a setting, a header. */
export function isSecretName(name: string): boolean {
  return named.test(name)
}

/**
 * Tokens that say themselves what they are: JWTs, keys of well-known services, private keys, logins in URLs. What stands
 * in the first group, or else the whole match, is the secret.
 */
const shapes =
  /\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?|\b(?:sk|pk|rk)[-_](?:[a-z]+[-_])*[A-Za-z0-9]{16,}|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bxox[abeoprs]-[\w-]{10,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bslu_[\w.-]{16,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)|\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@'"]*:([^\s/@'"]+)@/g

/** Begin and end of every secret that shows by its shape, in characters. */
export function shapedSecrets(text: string): readonly (readonly [from: number, to: number])[] {
  if (!hint.test(text)) return none
  return Array.from(text.matchAll(shapes), (match): readonly [number, number] => {
    const [whole, login] = match
    const end = match.index + whole.length
    // A login stands right before the sign that ends the match.
    return login === undefined ? [match.index, end] : [end - 1 - login.length, end - 1]
  })
}

const none: readonly (readonly [number, number])[] = Object.freeze([])
/** Of all shapes: cheap, because most texts hold none. */
const hint = /eyJ|[sprk]k[-_]|gh[pousr]_|github_pat_|xox|A[KS]IA|AIza|slu_|PRIVATE KEY|:\/\//
