/** Who may keep a secret outside this machine. */
export type ManagerName = 'vault' | 'aws' | 'gcp' | 'azure'

/** A secret on this machine. */
export type LocalReference = { readonly env: string } | { readonly file: string }

/** `path`, or `path#field` of a secret that has several. */
export type ManagedReference =
  | { readonly vault: string }
  | { readonly aws: string }
  | { readonly gcp: string }
  | { readonly azure: string }

/**
 * Where a secret is. Only `literal` holds the secret itself: it is for tests and demos whose secrets protect
 * nothing, and the configuration file does not admit it.
 */
export type SecretReference = LocalReference | ManagedReference | { readonly literal: string }

/** The secret is missing or unusable. The message names the reference, never the content. */
export class SecretError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SecretError'
  }
}

export const managerNames: readonly ManagerName[] = ['vault', 'aws', 'gcp', 'azure']

/** A reference to what somebody else keeps. */
export interface Managed {
  readonly manager: ManagerName
  readonly path: string
  /** `null`: the whole of it. */
  readonly field: string | null
}

/** `undefined`: the secret is on this machine. */
export function managedOf(reference: SecretReference): Managed | undefined {
  for (const manager of managerNames) {
    const written = (reference as Readonly<Record<string, string | undefined>>)[manager]
    if (written === undefined) continue
    const at = written.indexOf('#')
    return at < 0
      ? { manager, path: written, field: null }
      : { manager, path: written.slice(0, at), field: written.slice(at + 1) }
  }
  return undefined
}

/** As messages and `sluice doctor` say it, e.g. `vault secret/data/shop#password`. Never the secret. */
export function nameOf(reference: SecretReference): string {
  if ('literal' in reference) return 'the literal secret'
  if ('env' in reference) return `environment variable ${reference.env}`
  if ('file' in reference) return `file ${reference.file}`
  const [[manager, path] = ['', '']] = Object.entries(reference) as readonly [string, string][]
  return `${manager} ${path}`
}
