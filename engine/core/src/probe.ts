import type { Session } from './adapter.ts'
import { Refused } from './errors.ts'

/** What of a session it takes to reach its target. */
export type Reach<Settings> = Pick<Session<Settings>, 'target' | 'dial' | 'credential' | 'now'>

/** One thing that was found out about a target. `remedy`: what to do where it is not as it should be. */
export type Finding =
  | { readonly state: 'good'; readonly about: string; readonly detail: string }
  /** It works, and is not as safe as it could be. */
  | { readonly state: 'advice'; readonly about: string; readonly detail: string; readonly remedy: string }
  /** Sessions would fail. */
  | { readonly state: 'bad'; readonly about: string; readonly detail: string; readonly remedy: string }

/** Why a target was not reached, in plain words and with what to do. Says nothing of the credential. */
export function unreached(error: unknown): Finding {
  if (error instanceof Refused && error.refusal.rule === 'identity/credential') return unreadable
  const code = codeOf(error)
  const known = causes.find(({ codes }) => codes.includes(code ?? ''))
  const detail = error instanceof Refused ? error.refusal.message : 'It could not be reached.'
  const remedy = known?.remedy ?? 'Look at the address, and whether this gateway may connect there.'
  return { state: 'bad', about: known?.about ?? 'connection', detail: told(detail, code), remedy }
}

const unreadable: Finding = {
  state: 'bad',
  about: 'credential',
  detail: 'The secret that its credential refers to cannot be read by this gateway.',
  remedy: 'Check the reference, and that the gateway may read it.',
}

interface Cause {
  readonly codes: readonly string[]
  readonly about: string
  readonly remedy: string
}

const causes: readonly Cause[] = [
  {
    codes: ['ECONNREFUSED'],
    about: 'connection',
    remedy:
      'Nothing listens there: check the port, and that the server listens on more than its own loopback.',
  },
  {
    codes: ['ENOTFOUND', 'EAI_AGAIN'],
    about: 'connection',
    remedy: 'No such name is known here: check its spelling, and the name servers of this gateway.',
  },
  {
    codes: ['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
    about: 'connection',
    remedy:
      'A firewall or a missing route is in between: let this gateway’s address through, or reach it by an agent.',
  },
  {
    codes: [
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_GET_ISSUER_CERT',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    about: 'TLS',
    remedy: 'Its certificate is not of a public authority: set tls_ca to the PEM of the one that signed it.',
  },
  {
    codes: ['ERR_TLS_CERT_ALTNAME_INVALID'],
    about: 'TLS',
    remedy:
      'Its certificate is for another name: use a name that it lists as address, or have it issued for this one.',
  },
  {
    codes: ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'],
    about: 'TLS',
    remedy: 'Renew its certificate, or set the clocks.',
  },
]

function told(detail: string, code: string | null): string {
  return code === null ? detail : `${detail.replace(/\.$/, '')} (${code}).`
}

/** The system's or TLS's own, however deep it lies. */
function codeOf(error: unknown): string | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++)
    if ('code' in at && typeof at.code === 'string' && /^[A-Z][A-Z_]+$/.test(at.code)) return at.code
  return null
}
