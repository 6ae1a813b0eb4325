import { refusal, Refused, type Credential, type Credentials } from '@sluice/core'
import { readSecret, type SecretReference, type SecretSource } from './secret.ts'

/** The login of one target: its user in the open, its password by reference. */
export interface CredentialReference {
  readonly user: string
  readonly password: SecretReference
}

/**
 * Logins by target name, read when first needed, kept, and read again after the target refused one: whoever
 * rotates a password need not restart the gateway.
 */
export function referencedCredentials(
  references: ReadonlyMap<string, CredentialReference>,
  source: SecretSource,
): Credentials {
  const known = new Map<string, Promise<Credential>>()

  async function read(target: string): Promise<Credential> {
    const reference = references.get(target)
    if (reference === undefined) throw unavailable(new Error(`target ${target} has no credential`))
    try {
      return { user: reference.user, password: await readSecret(reference.password, source) }
    } catch (error) {
      throw unavailable(error)
    }
  }

  function readOnce(target: string): Promise<Credential> {
    const reading = read(target)
    known.set(target, reading)
    // A failure must not be remembered: the secret may be there at the next login.
    reading.catch(() => {
      if (known.get(target) === reading) known.delete(target)
    })
    return reading
  }

  return {
    credential: (target, why) => (why === 'rejected' ? undefined : known.get(target)) ?? readOnce(target),
  }
}

function unavailable(cause: unknown): Refused {
  const message = "The gateway cannot read this target's credential now. Tell its operator."
  return new Refused(refusal('target_unreachable', 'identity/credential', message), { cause })
}
