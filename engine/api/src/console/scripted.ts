import { createSecretKey } from 'node:crypto'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse as Answer } from 'fastify'
import { SignInError, Sealed, type SignedIn } from '@sluice/identity'
import type { ConsoleFile } from './files.ts'
import type { BrowserSignIns, ConsolePorts } from './ports.ts'

/** For tests: providers at which everybody signs in who says `code=<name>`, and what they were asked. */
export interface ScriptedSignIns extends BrowserSignIns {
  readonly asked: string[]
  /** What the next request of a provider ends in. */
  failure: SignInError | undefined
  /** Of the tokens that are given. */
  tokenLifeMs: number
  refresh: string | null
}

export function scriptedSignIns(now: () => number = Date.now): ScriptedSignIns {
  const asked: string[] = []
  const fail = (): void => {
    const { failure } = signIns
    signIns.failure = undefined
    if (failure !== undefined) throw failure
  }
  const signedIn = (name: string): SignedIn => ({
    token: name,
    token_ends_ms: now() + signIns.tokenLifeMs,
    refresh: signIns.refresh,
  })
  const signIns: ScriptedSignIns = {
    asked,
    failure: undefined,
    tokenLifeMs: 900_000,
    refresh: 'refresh/1',
    issuers: [
      { name: 'idp', kind: 'oidc', label: 'Our people' },
      { name: 'adfs', kind: 'saml', label: 'adfs' },
    ],
    async begin(issuer, redirect, again) {
      fail()
      asked.push(`begin ${issuer} ${redirect} ${again}`)
      const begun = { issuer, state: `state of ${asked.length}`, verifier: 'v', nonce: 'n' }
      return { url: `https://idp.example/?state=${encodeURIComponent(begun.state)}`, begun }
    },
    async finish(begun, issuer, callback) {
      fail()
      const { searchParams: said } = callback
      asked.push(`finish ${issuer} ${callback.origin}${callback.pathname}`)
      if (said.get('state') !== begun.state || issuer !== begun.issuer)
        throw new SignInError('expired', 'of another browser')
      return signedIn(said.get('code') ?? '')
    },
    async renew(issuer, refresh) {
      fail()
      asked.push(`renew ${issuer} ${refresh}`)
      return signedIn('alice/2')
    },
    async revoke(issuer, refresh) {
      asked.push(`revoke ${issuer} ${refresh}`)
      fail()
    },
    sealed: new Sealed(createSecretKey(Buffer.alloc(32, 7))),
  }
  return signIns
}

function file(type: string, text: string, immutable = false): ConsoleFile {
  return { type, etag: `"${text.length}"`, immutable, bytes: { identity: Buffer.from(text) } }
}

export const scriptedFiles: ReadonlyMap<string, ConsoleFile> = new Map([
  ['/index.html', file('text/html; charset=utf-8', '<!doctype html><title>Sluice</title>')],
  ['/assets/index-1a2b.js', file('text/javascript; charset=utf-8', 'void 0', true)],
])

export function scriptedConsole(
  change: Partial<Pick<ConsolePorts, 'signIns' | 'files' | 'publicUrl'>> = {},
): Pick<ConsolePorts, 'signIns' | 'files' | 'publicUrl'> {
  return {
    signIns: scriptedSignIns(),
    files: scriptedFiles,
    publicUrl: () => new URL('https://sluice.example'),
    ...change,
  }
}

/** A browser as far as cookies go: it keeps what it is told and sends it back. */
export class ScriptedBrowser {
  readonly cookies: Map<string, string> = new Map<string, string>()
  readonly #app: FastifyInstance
  readonly #host: string

  constructor(app: FastifyInstance, host = 'sluice.example') {
    this.#app = app
    this.#host = host
  }

  async get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#ask({ method: 'GET', url, headers })
  }

  async post(url: string, payload: object, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#ask({ method: 'POST', url, payload, headers })
  }

  /** Signs in as whoever is named; gives the address at which that ends. */
  async signIn(name: string, wanted = '/', issuer = 'idp'): Promise<string | undefined> {
    const query = new URLSearchParams({ issuer, return_to: wanted })
    const begun = await this.get(`/console/sign-in?${query.toString()}`)
    const state = new URL(String(begun.headers['location'])).searchParams.get('state') ?? ''
    const said = new URLSearchParams({ code: name, state })
    const back = await this.get(`/console/callback/${issuer}?${said.toString()}`)
    return back.headers['location']
  }

  /** What a page of ours sends along to change something. */
  async ours(): Promise<Readonly<Record<string, string>>> {
    const { csrf } = (await this.get('/console/session')).json<{ readonly csrf: string }>()
    return { origin: 'https://sluice.example', 'sec-fetch-site': 'same-origin', 'x-sluice-csrf': csrf }
  }

  async #ask(
    request: InjectOptions & { readonly headers: Readonly<Record<string, string>> },
  ): Promise<Answer> {
    const cookie = Array.from(this.cookies, ([name, value]) => `${name}=${value}`).join('; ')
    const headers = { host: this.#host, ...(cookie === '' ? {} : { cookie }), ...request.headers }
    const answer = await this.#app.inject({ ...request, headers })
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [pair = ''] = line.split(';')
      const [name = '', ...value] = pair.split('=')
      if (/Max-Age=0(?:;|$)/.test(line)) this.cookies.delete(name)
      else this.cookies.set(name, value.join('='))
    }
    return answer
  }
}
