import { parseArgs } from 'node:util'
import { apiOf, apiUrl } from '../api-url.ts'
import { UsageError, type Command, type Io } from '../command.ts'
import { demoState } from '../demo-state.ts'
import { loginByBrowser, openBrowser, type BrowserPorts } from '../login/browser.ts'
import { loginByDevice } from '../login/device.ts'
import { changeLogins, loginsFile, readLogins, type Login } from '../login/logins.ts'
import type { LoginTerms } from '../login/provider.ts'
import { loginBySaml } from '../login/saml.ts'
import { printable } from '../printable.ts'

export const login: Command = {
  usage: `sluice login [<name>] --issuer <url> --client-id <id> [--device]
sluice login [<name>] --saml <issuer>  at a provider of SAML that the gateway at SLUICE_URL trusts under this name
sluice login [<name>] [--device]       again, or at the demo's provider
sluice login --list [--json]            who is logged in here

  Logs you in at your identity provider with a browser, and keeps its tokens in a file that only you can read. Several
  providers at once, by name; the latest counts where none is named.

  --device            for a machine without a browser: confirm a code on another one
  --no-browser        only print the address
  --scope <scopes>    default "openid offline_access"
  --resource <uri>    what the token is for, where the provider wants it (RFC 8707)
  --audience <name>   the same for providers that call it so`,

  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        issuer: { type: 'string' },
        'client-id': { type: 'string' },
        scope: { type: 'string' },
        resource: { type: 'string' },
        audience: { type: 'string' },
        saml: { type: 'string' },
        device: { type: 'boolean', default: false },
        'no-browser': { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    })
    if (values.list) return list(io, values.json)
    const [named, ...more] = positionals
    if (more.length > 0) throw new UsageError('name one login')
    const extra = Object.fromEntries(
      (['resource', 'audience'] as const).flatMap((key) =>
        values[key] === undefined ? [] : [[key, values[key]]],
      ),
    )
    const given = { issuer: values.issuer, client_id: values['client-id'], scope: values.scope, extra }
    const browser: BrowserPorts = {
      signal: io.signal,
      show: (url, opened) => {
        io.error(`Log in with your browser at:\n\n  ${url}\n\n`)
        if (!values['no-browser']) openBrowser(opened)
      },
    }
    const saml = await samlOf(named, values.saml, given, io)
    if (saml !== null && values.device)
      throw new UsageError('SAML needs a browser on this machine: leave --device away')
    if (saml !== null) return keep(saml.name, await loginBySaml(saml.issuer, saml.gateway, browser), io)
    const { name, terms } = await termsOf(named, given, io)
    const made = values.device
      ? await loginByDevice(terms, {
          signal: io.signal,
          show: (url, code) => io.error(deviceWords(url, code)),
        })
      : await loginByBrowser(terms, browser)
    return keep(name, made, io)
  },
}

async function keep(name: string, made: Login, io: Io): Promise<number> {
  await changeLogins(io.env, async ({ logins }) => ({
    next: { current: name, logins: { ...logins, [name]: made } },
    result: undefined,
  }))
  io.out(`logged in at ${name} (${made.issuer}) as ${printable(made.subject)}\n`)
  return 0
}

/** `null`: it is no login by SAML, nor was the one before of that name. */
async function samlOf(
  named: string | undefined,
  issuer: string | undefined,
  given: Given,
  io: Io,
): Promise<{ readonly name: string; readonly issuer: string; readonly gateway: string } | null> {
  const isOidc = given.issuer !== undefined || given.client_id !== undefined
  if (issuer !== undefined && isOidc)
    throw new UsageError('--saml is in the place of --issuer and --client-id')
  const gateway = (): Promise<string> => demoState(io.env).then((demo) => apiUrl(apiOf(io.env, demo)))
  if (issuer !== undefined) return { name: nameOf(named ?? issuer), issuer, gateway: await gateway() }
  if (isOidc) return null
  const { current, logins } = await readLogins(io.env)
  const name = named ?? ((await demoState(io.env)) === null ? current : null)
  const before = name !== null && Object.hasOwn(logins, name) ? logins[name] : undefined
  if (name === null || before?.gateway === undefined) return null
  return { name, issuer: before.issuer, gateway: before.gateway }
}

interface Given {
  readonly issuer: string | undefined
  readonly client_id: string | undefined
  readonly scope: string | undefined
  readonly extra: Readonly<Record<string, string>>
}

const defaultScope = 'openid offline_access'

/** What the arguments say, or what the same login said before, or the demo's. */
async function termsOf(
  named: string | undefined,
  given: Given,
  io: Io,
): Promise<{ readonly name: string; readonly terms: LoginTerms }> {
  if (named !== undefined) nameOf(named)
  const { issuer, client_id: clientId } = given
  if (issuer !== undefined && clientId !== undefined)
    return {
      name: named ?? 'default',
      terms: { issuer, client_id: clientId, scope: given.scope ?? defaultScope, extra: given.extra },
    }
  if (issuer !== undefined || clientId !== undefined)
    throw new UsageError('--issuer and --client-id belong together')
  const known = await readLogins(io.env)
  const demo = await demoState(io.env)
  const again = named ?? (demo === null ? known.current : 'demo')
  const before = again !== null && Object.hasOwn(known.logins, again) ? known.logins[again] : undefined
  if (demo !== null && (again === 'demo' || again === null)) {
    const { issuer: url, client_id, resource } = demo.identity.login
    return { name: 'demo', terms: { issuer: url, client_id, scope: defaultScope, extra: { resource } } }
  }
  if (before === undefined || again === null)
    throw new UsageError('say where: --issuer <url> --client-id <id>; they are on the page of your provider')
  return {
    name: again,
    terms: {
      ...before,
      scope: given.scope ?? before.scope,
      extra: { ...before.extra, ...given.extra },
    },
  }
}

function nameOf(text: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,62}$/.test(text)) return text
  throw new UsageError('the name of a login is lower-case letters, digits, _ and -')
}

async function list(io: Io, json: boolean): Promise<number> {
  const { current, logins } = await readLogins(io.env)
  for (const [name, { issuer, subject }] of Object.entries(logins)) {
    const line = { name, issuer, subject, current: name === current }
    io.out(
      json
        ? `${JSON.stringify(line)}\n`
        : `${line.current ? '*' : ' '} ${name}  ${printable(subject)} at ${issuer}\n`,
    )
  }
  if (!json && current === null) io.out(`nobody is logged in (${loginsFile(io.env)})\n`)
  return 0
}

function deviceWords(url: string, code: string): string {
  return `On any device, open\n\n  ${url}\n\nand confirm that it shows the code ${code}\n\n`
}
