import type { FastifyPluginAsync } from 'fastify'
import { refusal, Refused, type Identity, type Targets } from '@sluice/core'
import { actedFirst, type ActedPorts } from './acted.ts'
import type { RolePorts } from './roles.ts'
import { boundCaller } from './caller.ts'
import { answers, list, object, text, time, type RouteSchema } from './schema.ts'
import { withinBounds } from './within-bounds.ts'

/** Signs certificates of OpenSSH. */
export interface SshAuthority {
  /** What clients trust, as a line for `known_hosts`. */
  readonly line: string
  /** Throws `Refused`. */
  issue(identity: Identity, request: SshCertificateRequest): IssuedSshCertificate
}

export interface SshCertificateRequest {
  /** A line as in a .pub file. */
  readonly publicKey: string
  readonly targets: readonly string[]
  readonly command?: string | undefined
  readonly from?: readonly string[] | undefined
}

export interface IssuedSshCertificate {
  readonly certificate: string
  readonly serial: string
  readonly keyId: string
  readonly fingerprint: string
  /** Milliseconds since 1970. */
  readonly validUntil: number
}

/** A certificate as the API hands it out. */
export interface SshCertificateLine {
  readonly certificate: string
  readonly serial: string
  readonly key_id: string
  readonly targets: readonly string[]
  readonly valid_until: string
}

/** By what clients know the gateway and its authority. */
export interface SshKnownLine {
  readonly ca: string
  readonly host_key: string
  /** For which the authority certifies the host key; none: clients are shown the plain key alone. */
  readonly names: readonly string[]
  /** Signs what the gateway logs in with at hosts. */
  readonly login_ca: string
}

/** As lines of .pub files. */
export interface SshOfGateway {
  readonly hostKey: string
  /** Of the authority by which it logs in at targets. */
  readonly loginLine: string
  /** By which clients call it, where it shows a certificate of its host key. */
  readonly names: readonly string[]
}

interface SshPorts extends Pick<RolePorts, 'authenticator'>, ActedPorts {
  readonly targets: Targets
  readonly ssh: SshAuthority & SshOfGateway
}

interface CertificateBody {
  readonly public_key: string
  readonly targets?: readonly string[]
  readonly command?: string
  readonly from?: readonly string[]
}

const name = { type: 'string', minLength: 1, maxLength: 256 } as const
const issueSchema: RouteSchema = {
  summary: 'A certificate of OpenSSH over a caller’s key, for as long as its token lasts',
  description: 'What a bound token asks for is bound as that is.',
  body: {
    type: 'object',
    additionalProperties: false,
    required: ['public_key'],
    properties: {
      public_key: { type: 'string', minLength: 1, maxLength: 8_192 },
      targets: { type: 'array', minItems: 1, maxItems: 100, uniqueItems: true, items: name },
      command: { type: 'string', minLength: 1, maxLength: 4_096 },
      from: { type: 'array', minItems: 1, maxItems: 20, items: name },
    },
  },
  response: answers(
    object({ certificate: text, serial: text, key_id: text, targets: list(text), valid_until: time }),
    404,
    503,
  ),
}
const knownSchema = {
  summary: 'The public keys by which clients of SSH know the gateway',
  security: [],
  response: answers(object({ ca: text, host_key: text, names: list(text), login_ca: text })),
} as const

const certificateTargetsMax = 100

/** POST /v1/ssh/certificate for whoever has a token, within what that is bound to; GET /v1/ssh/known for everybody. */
export function ssh(ports: SshPorts): FastifyPluginAsync {
  return async (app) => {
    app.post<{ Body: CertificateBody }>('/v1/ssh/certificate', { schema: issueSchema }, async (request) => {
      const identity = await boundCaller(request, ports.authenticator)
      const { public_key: publicKey, command } = request.body
      const { targets: asked, from } = withinBounds(request.body, identity)
      const targets = targetsOf(asked, ports.targets)
      const issued = ports.ssh.issue(identity, { publicKey, targets, command, from })
      // Nobody holds a certificate that the log does not know of.
      await actedFirst(ports, identity, {
        action: 'ssh.certificate',
        resource: issued.serial,
        outcome: 'done',
        details: detailsOf(issued, targets),
      })
      return lineOf(issued, targets)
    })
    app.get('/v1/ssh/known', { schema: knownSchema }, async (): Promise<SshKnownLine> => {
      const { line, hostKey, names, loginLine } = ports.ssh
      return { ca: line, host_key: hostKey, names, login_ca: loginLine }
    })
  }
}

/** Those that were asked for, or all: what may be done there, policies say at each request. */
function targetsOf(asked: readonly string[] | undefined, targets: Targets): readonly string[] {
  const known = targets
    .list()
    .filter(({ protocol }) => protocol === 'ssh')
    .map((target) => target.name)
  const unknown = asked?.find((one) => !known.includes(one))
  if (unknown !== undefined) throw none('No target of SSH of that name is registered here.')
  if (asked !== undefined) return asked
  if (known.length === 0) throw none('No target of SSH is registered here: there is nothing to log in at.')
  if (known.length > certificateTargetsMax)
    throw none(`More than ${certificateTargetsMax} targets are registered here: name those that you need.`)
  return known
}

function none(message: string): Refused {
  return new Refused(refusal('target_unknown', 'sluice/targets', message))
}

function detailsOf(
  issued: IssuedSshCertificate,
  targets: readonly string[],
): Readonly<Record<string, string>> {
  return {
    key_id: issued.keyId,
    fingerprint: issued.fingerprint,
    targets: targets.join(' '),
    valid_until: new Date(issued.validUntil).toISOString(),
  }
}

function lineOf(issued: IssuedSshCertificate, targets: readonly string[]): SshCertificateLine {
  const { certificate, serial, keyId, validUntil } = issued
  return { certificate, serial, key_id: keyId, targets, valid_until: new Date(validUntil).toISOString() }
}
