import { Control, type ControlPorts } from './control.ts'
import { refusal, Refused, type Refusal } from './errors.ts'
import type { EventData, RecordedEvent } from './events.ts'
import { identityRecord } from './identity-record.ts'
import { limits } from './limits.ts'
import { isSameCaller } from './people.ts'
import type { Authenticator } from './ports.ts'
import type { Confinement, Identity, Subject } from './request.ts'
import { passwordKind, tokenFingerprint } from './revocation.ts'

/**
 * Passwords for programs that answer challenges and cannot show a token: each speaks for the identity that asked for it, no
 * longer than its token does. What they are for is folded from the control stream, so that every gateway of the log knows;
 * the passwords themselves are derived from their ids by whoever has the key of tokens, and kept nowhere.
 */
export interface MintedPasswords {
  /** For an identity, within what its own token is good for. Resolves once it is durable. Throws `Refused`. */
  mint(identity: Identity, binding: PasswordBinding): Promise<MintedPassword>
  /** Whose it is, as long as it lives. */
  of(id: string): Identity | undefined
  /** Those that live, in the order in which they were made. */
  list(): readonly Identity[]
  readonly healthy: boolean
  close(): Promise<void>
}

export type PasswordBinding = Pick<Confinement, 'targets' | 'networks'>

export interface MintedPassword {
  /** The user name that it goes with. */
  readonly id: string
  readonly identity: Identity
}

const idPattern = new RegExp(`^${passwordKind}_[0-9A-HJKMNP-TV-Z]{26}$`)

/** Whether a user name is the id of a minted password, one that there is or not. */
export function isPasswordId(user: string): boolean {
  return idPattern.test(user)
}

export async function openMintedPasswords(ports: ControlPorts): Promise<MintedPasswords> {
  const { clock, ids } = ports
  const known = new Map<string, Identity>()
  const control = new Control(ports, (event) => {
    const identity = identityIn(event)
    if (identity === undefined || identity.expiresAt <= clock.now()) return false
    known.set(identity.tokenId, identity)
    return true
  })
  await control.open()
  let sweep = clock.after(limits.mintedPasswordSweepMs, forget)

  function forget(): void {
    const now = clock.now()
    for (const [id, { expiresAt }] of known) if (expiresAt <= now) known.delete(id)
    sweep = clock.after(limits.mintedPasswordSweepMs, forget)
  }

  function admit({ subject }: Identity): void {
    const own = [...known.values()].filter(
      (other) => other.expiresAt > clock.now() && isSameCaller(other.subject, subject),
    )
    if (own.length >= limits.mintedPasswordsOfSubjectMax || known.size >= limits.mintedPasswordsMax)
      throw new Refused(tooMany)
  }

  return {
    async mint(identity, { targets, networks }) {
      admit(identity)
      const password = ids.next(passwordKind)
      const { subject, claims, token_id, token_expires_ms } = identityRecord(identity)
      const data: EventData['PasswordMinted'] = {
        password,
        subject,
        claims,
        token_id,
        made_from: [tokenFingerprint(identity.tokenId), ...(identity.madeFrom ?? [])],
        issued_ms: identity.issuedAt ?? 0,
        expires_ms: Math.min(token_expires_ms, clock.now() + limits.tokenLifeMs),
        targets,
        networks: networks ?? null,
      }
      await control.record({ type: 'PasswordMinted', data })
      return { id: password, identity: identityOf(data) }
    },
    of: (id) => {
      const identity = known.get(id)
      return identity === undefined || identity.expiresAt <= clock.now() ? undefined : identity
    },
    list: () => [...known.values()].filter(({ expiresAt }) => expiresAt > clock.now()),
    get healthy() {
      return control.healthy
    },
    async close() {
      sweep[Symbol.dispose]()
      await control.close()
    },
  }
}

/** An authenticator that knows whoever has proven to know such a password. */
export function knowingPasswords(
  authenticator: Authenticator,
  passwords: Pick<MintedPasswords, 'of'>,
): Authenticator {
  return {
    authenticate: async (proof) => {
      if (proof.kind !== 'password') return authenticator.authenticate(proof)
      const identity = passwords.of(proof.id)
      if (identity === undefined) throw new Refused(passwordRefused)
      return identity
    },
  }
}

/** The same for a password that is wrong, that is over, and that never was. */
export const passwordRefused: Refusal = refusal(
  'token_refused',
  'identity/password',
  'This user name and password are not good here, or not any more: get others with sluice token password.',
)

function identityIn(event: RecordedEvent): Identity | undefined {
  return event.type === 'PasswordMinted' ? identityOf(event.data) : undefined
}

function identityOf(data: EventData['PasswordMinted']): Identity {
  const { id, type, issuer, groups, on_behalf_of } = data.subject
  const { targets, networks } = data
  const isConfined = targets !== null || networks !== null
  return {
    subject: {
      id,
      type: type === 'human' ? 'human' : 'service',
      issuer,
      groups,
      claims: JSON.parse(data.claims) as Subject['claims'],
      on_behalf_of,
    },
    tokenId: data.password,
    issuedAt: data.issued_ms,
    madeFrom: data.made_from,
    expiresAt: data.expires_ms,
    ...(isConfined && {
      confined: { targets, ...(networks !== null && { networks }), command: null, permits: null },
    }),
  }
}

const tooMany = refusal(
  'too_many',
  'sluice/passwords',
  'As many passwords as are possible live already. They end with their tokens: try again in some minutes.',
)
