import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeSettings } from './server-properties.ts'

/** A listener that is encrypted, beside the plain one. All texts are PEM. */
export interface SecuredListener {
  /** Upper-case letters. */
  readonly name: string
  readonly cert: string
  readonly key: string
  /** Who must have signed the certificate that a client shows; without it none is asked for. */
  readonly clients?: string
  /** How clients log in; without it they need not. */
  readonly logins?: Logins
}

export interface Logins {
  readonly user: string
  /** By mechanism, so that a test can tell them apart. Letters and digits. */
  readonly passwords: Readonly<Record<PasswordMechanism, string>>
  readonly tokens: {
    /** Where the keys of the tokens' issuer are. */
    readonly jwks: string
    readonly issuer: string
    readonly audience: string
  }
}

export type PasswordMechanism = 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export interface PlacedListener extends SecuredListener {
  readonly port: number
}

const modules = 'org.apache.kafka.common.security'
const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/** The settings of a broker that has these listeners; writes the files that they name. */
export async function securedSettings(
  listeners: readonly PlacedListener[],
  plain: NodeSettings,
  folder: string,
): Promise<NodeSettings> {
  const each = await Promise.all(listeners.map((listener) => settingsOf(listener, folder)))
  const protocols = listeners.map(
    ({ name, logins }) => `${name}:${logins === undefined ? 'SSL' : 'SASL_SSL'}`,
  )
  const all = [plain['listeners'], ...listeners.map(({ name, port }) => `${name}://127.0.0.1:${port}`)].join()
  return Object.assign(
    {
      listeners: all,
      'advertised.listeners': all,
      'listener.security.protocol.map': ['PLAINTEXT:PLAINTEXT', 'CONTROLLER:PLAINTEXT', ...protocols].join(),
      'inter.broker.listener.name': 'PLAINTEXT',
    },
    ...each,
  ) as NodeSettings
}

async function settingsOf(listener: PlacedListener, folder: string): Promise<NodeSettings> {
  const { name, cert, key, clients, logins } = listener
  const of = `listener.name.${name.toLowerCase()}`
  const file = async (what: string, pem: string): Promise<string> => {
    const path = join(folder, `${name.toLowerCase()}-${what}.pem`)
    await writeFile(path, pem, { mode: 0o600 })
    return path
  }
  const trust: NodeSettings =
    clients === undefined
      ? {}
      : {
          [`${of}.ssl.client.auth`]: 'required',
          [`${of}.ssl.truststore.type`]: 'PEM',
          [`${of}.ssl.truststore.location`]: await file('clients', clients),
        }
  return {
    [`${of}.ssl.keystore.type`]: 'PEM',
    [`${of}.ssl.keystore.location`]: await file('own', `${key}${cert}`),
    ...trust,
    ...(logins === undefined ? {} : loginSettings(of, logins)),
  }
}

function loginSettings(of: string, { user, passwords, tokens }: Logins): NodeSettings {
  const scrams = scram.map((mechanism) => [
    `${of}.${mechanism.toLowerCase()}.sasl.jaas.config`,
    `${modules}.scram.ScramLoginModule required;`,
  ])
  return {
    [`${of}.sasl.enabled.mechanisms`]: ['PLAIN', ...scram, 'OAUTHBEARER'].join(),
    [`${of}.plain.sasl.jaas.config`]: `${modules}.plain.PlainLoginModule required user_${user}="${passwords.PLAIN}";`,
    ...Object.fromEntries(scrams),
    [`${of}.oauthbearer.sasl.jaas.config`]: `${modules}.oauthbearer.OAuthBearerLoginModule required;`,
    [`${of}.oauthbearer.sasl.server.callback.handler.class`]: `${modules}.oauthbearer.OAuthBearerValidatorCallbackHandler`,
    'sasl.oauthbearer.jwks.endpoint.url': tokens.jwks,
    'sasl.oauthbearer.expected.issuer': tokens.issuer,
    'sasl.oauthbearer.expected.audience': tokens.audience,
  }
}

/** The passwords of SCRAM are part of a cluster from its beginning: for the tool that formats it. */
export function scramArguments(listeners: readonly SecuredListener[]): readonly string[] {
  return listeners.flatMap(({ logins }) =>
    logins === undefined
      ? []
      : scram.flatMap((mechanism) => [
          '--add-scram',
          `${mechanism}=[name=${logins.user},password=${logins.passwords[mechanism]}]`,
        ]),
  )
}

/** A broker fetches keys only from where its own command line allows it. */
export function javaOptions(listeners: readonly SecuredListener[]): readonly string[] {
  const urls = listeners.flatMap(({ logins }) => (logins === undefined ? [] : [logins.tokens.jwks]))
  return urls.length === 0 ? [] : [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${urls.join()}`]
}
