import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import {
  errors,
  interactionPolicy,
  Provider,
  type Configuration,
  type JWK,
  type ResourceServer,
  type TokenEndpointGrantContext,
} from 'oidc-provider'
import { providerStore } from './provider-store.ts'
import { devicePages } from './device-pages.ts'
import { SignIn, signInPath } from './sign-in.ts'
import { demoSubjects, isDemoSubject, type DemoSubject } from './demo-subjects.ts'

export interface IdentityProvider {
  readonly issuer: string
  readonly token_endpoint: string
  /** The token request of each demo subject. They hold secrets of this start: for the owner of the demo only. */
  readonly requests: Readonly<Record<DemoSubject, Readonly<Record<string, string>>>>
  /** How people log in with a browser, or on another device. */
  readonly login: PersonsLogin
  /** Idempotent. */
  close(): Promise<void>
}

export interface IdentityProviderOptions {
  readonly port: number
  /** Of access tokens; gateway tokens never outlive the one they were made from. Default an hour. */
  readonly tokenLifeSeconds?: number
  /** Until a device must have been confirmed. Default ten minutes. */
  readonly deviceCodeSeconds?: number
}

/** A public client of the provider, and what it must ask for. */
export interface PersonsLogin {
  readonly client_id: string
  readonly resource: string
  /** Of every person, new at each start. */
  readonly password: string
}

/** What the gateway's configuration says about this issuer, besides its name and URL. */
export const demoIssuer = { audience: 'sluice', groups_claim: 'groups', type_claim: 'subject_type' } as const

/** How people sign in at the console, as the configuration says it. The client is public, as that of the command line. */
export const demoConsole = {
  client_id: 'sluice-console',
  label: 'Demo identity provider',
  resource: 'urn:sluice',
} as const

/** A person's token without a browser or password. It exists in this demo only, behind a secret of each start. */
const demoGrant = 'urn:sluice:demo'
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'
const service = 'langchain-reporting'
/** How long a person stays logged in, unless the demo ends. */
const daySeconds = 86_400
const people = 'sluice-demo'
/** Of the command line. It has no secret: what is on everybody's machine keeps none. */
const commandLine = 'sluice-cli'
const { resource } = demoConsole
const host = '127.0.0.1'

/**
 * An OpenID provider for the demo's subjects, on loopback: there is no way to make it listen elsewhere. Keys and
 * secrets are new at each start. Services use client_credentials, as they would at any provider.
 */
export async function startIdentityProvider({
  port,
  tokenLifeSeconds = 3600,
  deviceCodeSeconds = 600,
}: IdentityProviderOptions): Promise<IdentityProvider> {
  const server = createServer().listen(port, host)
  await once(server, 'listening')
  const authority = `${host}:${portOf(server)}`
  const issuer = `http://${authority}`
  const secrets = { [service]: secret(), [people]: secret() }
  const password = secret()
  const made = provider(issuer, secrets, { tokenLifeSeconds, deviceCodeSeconds })
  const signIn = new SignIn(made, password)
  const answer = made.callback()
  server.on('request', (request, response) => {
    // A web page that renames itself to this address (DNS rebinding) still sends its own name.
    if (request.headers.host !== authority) response.writeHead(421).end()
    else if (request.url?.startsWith(signInPath) === true)
      signIn.answer(request, response).catch(() => response.writeHead(400).end('Begin again.'))
    else void answer(request, response)
  })
  let closing: Promise<unknown> | undefined
  return {
    issuer,
    token_endpoint: `${issuer}/token`,
    requests: tokenRequests(secrets),
    login: { client_id: commandLine, resource, password },
    close: async () => {
      closing ??= once(server.close(), 'close')
      server.closeAllConnections()
      await closing
    },
  }
}

/** An access token of a demo subject. */
export async function demoToken(
  { token_endpoint: endpoint, requests }: Pick<IdentityProvider, 'token_endpoint' | 'requests'>,
  name: DemoSubject,
): Promise<string> {
  const response = await fetch(endpoint, { method: 'POST', body: new URLSearchParams(requests[name]) })
  const answer = (await response.json()) as {
    readonly access_token?: string
    readonly error_description?: string
  }
  if (answer.access_token === undefined)
    throw new Error(
      `the demo's identity provider gives no token: ${answer.error_description ?? response.status}`,
    )
  return answer.access_token
}

type Secrets = Readonly<Record<typeof service | typeof people, string>>

function secret(): string {
  return randomBytes(24).toString('base64url')
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return address.port
}

function tokenRequests(secrets: Secrets): IdentityProvider['requests'] {
  const asService = {
    grant_type: 'client_credentials',
    client_id: service,
    client_secret: secrets[service],
    resource,
  }
  const as = (subject: DemoSubject): Readonly<Record<string, string>> => ({
    grant_type: demoGrant,
    client_id: people,
    client_secret: secrets[people],
    subject,
  })
  return {
    [service]: asService,
    alice: as('alice'),
    bob: as('bob'),
    carol: as('carol'),
    dave: as('dave'),
    erin: as('erin'),
  }
}

interface Lives {
  readonly tokenLifeSeconds: number
  readonly deviceCodeSeconds: number
}

function provider(issuer: string, secrets: Secrets, lives: Lives): Provider {
  const gateway = gatewayFor(lives.tokenLifeSeconds)
  const made = new Provider(issuer, configuration(secrets, gateway, lives.deviceCodeSeconds))
  made.registerGrantType<{ readonly subject?: string }>(demoGrant, personsToken(gateway), ['subject'])
  return made
}

type Gateway = ResourceServer & { readonly accessTokenTTL: number }

function gatewayFor(tokenLifeSeconds: number): Gateway {
  return {
    scope: '',
    audience: demoIssuer.audience,
    accessTokenFormat: 'jwt',
    accessTokenTTL: tokenLifeSeconds,
    jwt: { sign: { alg: 'RS256' } },
  }
}

function configuration(secrets: Secrets, gateway: Gateway, deviceCodeSeconds: number): Configuration {
  const { accessTokenTTL } = gateway
  const client = {
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_post',
  } as const
  return {
    adapter: providerStore(),
    jwks: { keys: [signingKey()] },
    cookies: { keys: [secret()] },
    clients: [
      { ...client, client_id: service, client_secret: secrets[service], grant_types: ['client_credentials'] },
      { ...client, client_id: people, client_secret: secrets[people], grant_types: [demoGrant] },
      {
        client_id: commandLine,
        client_name: 'the sluice command',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        // Of a native application any port of loopback will do (RFC 8252 §7.3).
        redirect_uris: ['http://127.0.0.1/callback'],
        response_types: ['code'],
        grant_types: ['authorization_code', 'refresh_token', deviceGrant],
      },
      {
        client_id: demoConsole.client_id,
        client_name: 'the console',
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['http://127.0.0.1/console/callback/demo'],
        response_types: ['code'],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    clientAuthMethods: ['client_secret_post', 'none'],
    responseTypes: ['code'],
    scopes: ['openid', 'offline_access'],
    findAccount: (_ctx, id) =>
      isDemoSubject(id) ? { accountId: id, claims: async () => ({ sub: id }) } : undefined,
    interactions: { url: (_ctx, { uid }) => `${signInPath}${uid}`, policy: alwaysAsked() },
    features: {
      deviceFlow: { enabled: true, ...devicePages },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        getResourceServerInfo: (_ctx, indicator) => {
          if (indicator !== resource) throw new errors.InvalidTarget()
          return gateway
        },
      },
    },
    extraTokenClaims: (_ctx, token) => {
      const name = token.kind === 'AccessToken' ? token.accountId : token.clientId
      if (!isDemoSubject(name)) return undefined
      const { type, groups } = demoSubjects[name]
      return { [demoIssuer.groups_claim]: groups, [demoIssuer.type_claim]: type }
    },
    ttl: {
      ClientCredentials: accessTokenTTL,
      AccessToken: accessTokenTTL,
      IdToken: accessTokenTTL,
      DeviceCode: deviceCodeSeconds,
      Interaction: 600,
      Session: daySeconds,
      Grant: daySeconds,
      RefreshToken: daySeconds,
    },
  }
}

/** A person who signs in again may be somebody else: that is what the demo's people are for. */
function alwaysAsked(): ReturnType<typeof interactionPolicy.base> {
  const policy = interactionPolicy.base()
  policy
    .get('login')
    ?.checks.add(
      new interactionPolicy.Check('asked_each_time', 'The demo asks each time who it is.', (ctx) =>
        ctx.oidc.result?.login === undefined
          ? interactionPolicy.Check.REQUEST_PROMPT
          : interactionPolicy.Check.NO_NEED_TO_PROMPT,
      ),
    )
  return policy
}

function signingKey(): JWK {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }
}

type PersonsGrant = TokenEndpointGrantContext<{ readonly subject?: string }>

function personsToken(gateway: Gateway): (ctx: PersonsGrant) => Promise<void> {
  return async (ctx) => {
    const { client, params, provider: issuing } = ctx.oidc
    const name = params.subject
    if (!isDemoSubject(name) || demoSubjects[name].type !== 'human')
      throw new errors.InvalidGrant('the demo has no such person')
    const token = new issuing.AccessToken({
      client,
      accountId: name,
      gty: demoGrant,
      grantId: '',
      resourceServer: new issuing.ResourceServer(resource, gateway),
    })
    const expires_in = gateway.accessTokenTTL
    ctx.body = { access_token: await token.save(), token_type: 'Bearer', expires_in }
  }
}
