import type { FastifyPluginAsync } from 'fastify'
import {
  networksOf,
  refusal,
  Refused,
  type Identity,
  type MintedPasswords,
  type PasswordBinding,
  type Targets,
} from '@sluice/core'
import { boundCaller } from './caller.ts'
import type { RolePorts } from './roles.ts'
import { answers, list, nullable, object, options, text, time, type RouteSchema } from './schema.ts'
import { withinBounds } from './within-bounds.ts'

/** A minted password as the API hands it out, once. */
export interface PasswordLine {
  /** The user name that it goes with, and by which it is recorded and revoked. */
  readonly user: string
  readonly password: string
  readonly targets: readonly string[] | null
  readonly from: readonly string[] | null
  readonly expires_at: string
}

export interface PasswordPorts extends Pick<RolePorts, 'authenticator'> {
  readonly targets: Targets
  readonly passwords: Pick<MintedPasswords, 'mint'>
  /** What goes with an id. */
  readonly derivedPasswords: { password(id: string): string }
}

interface MintRequest {
  readonly Body: { readonly targets?: readonly string[]; readonly from?: readonly string[] }
}

const names = (itemsMax: number, charsMax: number) => ({
  type: 'array',
  minItems: 1,
  maxItems: itemsMax,
  uniqueItems: true,
  items: { type: 'string', minLength: 1, maxLength: charsMax },
})

const schema: RouteSchema = {
  summary: 'A password for the caller’s own identity, for clients of PostgreSQL that demand SCRAM-SHA-256',
  description:
    'It lives as long as the token of this request, is recorded by its id and shown once. `targets` and `from` (addresses or networks) bind it; what a bound token asks for is bound as that is.',
  body: options({ targets: names(20, 128), from: names(10, 49) }),
  response: answers(
    object({
      user: text,
      password: text,
      targets: nullable(list(text)),
      from: nullable(list(text)),
      expires_at: time,
    }),
    404,
    503,
  ),
}

/** POST /v1/passwords. */
export function passwords(ports: PasswordPorts): FastifyPluginAsync {
  return async (app) => {
    app.post<MintRequest>('/v1/passwords', { schema }, async (request): Promise<PasswordLine> => {
      const caller = await boundCaller(request, ports.authenticator)
      const { id, identity } = await ports.passwords.mint(
        caller,
        bindingOf(request.body, caller, ports.targets),
      )
      const { confined, expiresAt } = identity
      return {
        user: id,
        password: ports.derivedPasswords.password(id),
        targets: confined?.targets ?? null,
        from: confined?.networks ?? null,
        expires_at: new Date(expiresAt).toISOString(),
      }
    })
  }
}

/** What is asked for, within what the token is good for. Throws `Refused`. */
function bindingOf(body: MintRequest['Body'], caller: Identity, known: Targets): PasswordBinding {
  const unknown = body.targets?.find((name) => known.find(name) === undefined)
  if (unknown !== undefined)
    throw new Refused(
      refusal('target_unknown', 'sluice/targets', 'No target of one of these names is registered here.'),
    )
  const { targets = null, from: networks } = withinBounds(body, caller)
  if (networks !== undefined && networksOf(networks) === null)
    throw new Refused(
      refusal('malformed', 'api/networks', 'from: addresses or networks, such as 10.0.0.0/8.'),
    )
  return { targets, ...(networks === undefined ? {} : { networks }) }
}
