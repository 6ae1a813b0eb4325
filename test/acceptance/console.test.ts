import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { startIdentityProvider } from '@sluice/demo'
import { startGateway } from '../src/index.ts'
import { Browser } from './browser.ts'
import { starterPolicies } from './stage.ts'

/** People sign in at a real provider with a browser, and are known at every resource by its cookie. */
const parts = new AsyncDisposableStack()
after(() => parts.disposeAsync())
const provider = await startIdentityProvider({ port: 0, tokenLifeSeconds: 60 })
parts.defer(() => provider.close())
const nobody = { host: '127.0.0.1', port: 9, user: 'u', password: 'p', database: 'd' }
const gateway = await startGateway({
  provider,
  policies: starterPolicies,
  targets: [
    { name: 'shop', login: nobody },
    { name: 'api', http: { host: '127.0.0.1', port: 9 } },
  ],
})
parts.defer(() => gateway.close())
const { password } = provider.login
const api = `http://127.0.0.1:${gateway.api.port}`
const session = `sluice-session-${gateway.api.port}`

interface Shown {
  readonly subject: string
  readonly roles: readonly string[]
  readonly csrf: string
  readonly expires_at: string
}

/** Where the browser ends that signs in as somebody. */
async function signIn(
  browser: Browser,
  name: string,
  wanted = '/approvals',
  decision = 'allow',
): Promise<URL> {
  const asks = await browser.open(
    `${api}/console/sign-in?issuer=demo&return_to=${encodeURIComponent(wanted)}`,
  )
  assert.match(asks.text, /Who are you\?/)
  return new URL((await browser.open(asks.url, { name, password, decision })).url)
}

async function shown(browser: Browser): Promise<Shown> {
  const answer = await browser.fetch(`${api}/console/session`)
  assert.equal(answer.status, 200)
  return (await answer.json()) as Shown
}

interface Heard {
  readonly id: string
  readonly exchanges: readonly {
    readonly exchange: string
    readonly subject: string
    readonly effect: string
    readonly target: string
  }[]
}

/** The live exchanges, as a page follows them. */
async function follow(browser: Browser, last?: string) {
  const leaving = new AbortController()
  const headers: Record<string, string> = last === undefined ? {} : { 'last-event-id': last }
  const response = await browser.fetch(`${api}/v1/stream?exchanges=true`, { headers, signal: leaving.signal })
  assert.equal(response.status, 200)
  const heard: Heard[] = []
  let wake: () => void = () => {}
  const read = async (): Promise<void> => {
    let rest = ''
    for await (const bytes of response.body ?? []) {
      const parts = (rest + Buffer.from(bytes).toString()).split('\n\n')
      rest = parts.pop() ?? ''
      for (const part of parts) {
        const [, data = '', id = ''] = /^event: exchanges\ndata: (.*)\nid: (.*)$/.exec(part) ?? []
        if (data !== '') heard.push({ ...(JSON.parse(data) as Omit<Heard, 'id'>), id })
      }
      wake()
    }
  }
  void read().catch(() => {})
  return {
    heard,
    /** Everything, once so many exchanges were told. */
    async until(count: number): Promise<readonly Heard[]> {
      while (
        new Set(heard.flatMap(({ exchanges }) => exchanges.map(({ exchange }) => exchange))).size < count
      )
        await new Promise<void>((resolve) => (wake = resolve))
      return heard
    },
    leave: () => leaving.abort(),
  }
}

suite('a person at a browser', () => {
  for (const [name, roles] of [
    ['alice', ['user']],
    ['bob', ['user', 'approver']],
    ['carol', ['user', 'admin', 'approver']],
    ['erin', ['user', 'auditor']],
  ] as const)
    test(`signs in as ${name}`, async () => {
      const browser = new Browser()
      const end = await signIn(browser, name, '/approvals?state=all')
      assert.equal(end.href, `${api}/approvals?state=all`)
      const { subject, roles: held } = await shown(browser)
      assert.deepEqual([subject, held], [`demo#${name}`, roles])
      assert.equal((await browser.fetch(`${api}/v1/approvals`)).status, 200)
    })

  test('is asked again who they are', async () => {
    const browser = new Browser()
    await signIn(browser, 'bob')
    await signIn(browser, 'carol')
    assert.equal((await shown(browser)).subject, 'demo#carol')
  })

  test('stays signed in by the refresh token, in two tabs at once', async () => {
    const browser = new Browser()
    await signIn(browser, 'alice')
    const [before] = [browser.cookies.get(session)]
    // The token has less than five minutes: each tab renews it, and a refresh token is good once.
    const [one, other] = await Promise.all([shown(browser), shown(browser)])
    assert.equal(one.csrf, other.csrf)
    assert.notEqual(browser.cookies.get(session), before)
    assert.equal((await shown(browser)).subject, 'demo#alice')
  })

  test('signs out, and the refresh token is worth nothing', async () => {
    const browser = new Browser()
    await signIn(browser, 'alice')
    const kept = browser.cookies.get(session) ?? ''
    const { csrf } = await shown(browser)
    const renewed = browser.cookies.get(session) ?? ''
    const headers = { origin: api, 'x-sluice-csrf': csrf }
    assert.equal((await browser.fetch(`${api}/console/logout`, { method: 'POST', headers })).status, 200)
    assert.equal((await browser.fetch(`${api}/v1/approvals`)).status, 401)
    assert.notEqual(renewed, kept)
    // Whoever copied the cookie cannot renew it: the provider knows of the end, a moment later.
    let status = 200
    for (let tries = 0; tries < 50 && status === 200; tries++) {
      const copied = await fetch(`${api}/console/session`, { headers: { cookie: `${session}=${renewed}` } })
      status = copied.status
    }
    assert.equal(status, 401)
  })

  test('looks on as requests are decided, and goes on where they were cut off', async () => {
    const [erin, alice] = [new Browser(), new Browser()]
    await signIn(erin, 'erin')
    await signIn(alice, 'alice')
    const { url, headers } = await gateway.door('langchain-reporting', 'api')
    const ask = async (path: string): Promise<void> =>
      void (await fetch(`${url}${path}`, { headers })).body?.cancel()
    const following = await follow(erin)
    const other = await follow(alice)
    await ask('/admin/keys')
    const [first] = await following.until(1)
    assert.ok(first !== undefined)
    assert.deepEqual(
      first.exchanges.map(({ subject, effect, target }) => [subject, effect, target]),
      [['demo#langchain-reporting', 'deny', 'api']],
    )
    following.leave()
    await ask('/admin/users')
    await ask('/admin/users')
    const again = await follow(erin, first.id)
    const missed = (await again.until(2)).flatMap(({ exchanges }) => exchanges)
    assert.ok(missed.every(({ exchange }) => exchange !== first.exchanges[0]?.exchange))
    again.leave()
    other.leave()
    assert.deepEqual(other.heard, [], 'A13 nobody is told of what is not theirs')
  })

  test('who says no is not signed in', async () => {
    const browser = new Browser()
    const end = await signIn(browser, 'alice', '/', 'deny')
    assert.equal(`${end.pathname}${end.search}`, '/sign-in?problem=denied&issuer=demo')
    assert.equal((await browser.fetch(`${api}/console/session`)).status, 401)
  })
})

suite('an answer of the provider', () => {
  /** The address at which the provider sends the browser back, not yet followed. */
  async function answerFor(name: string): Promise<{ readonly browser: Browser; readonly url: string }> {
    const browser = new Browser()
    const asks = await browser.open(`${api}/console/sign-in?issuer=demo`)
    let next = new URL(asks.url)
    let body: URLSearchParams | undefined = new URLSearchParams({ name, password, decision: 'allow' })
    for (;;) {
      const response: Response = await browser.fetch(
        next.href,
        body === undefined ? {} : { method: 'POST', body },
      )
      body = undefined
      next = new URL(response.headers.get('location') ?? '', next)
      if (next.pathname.startsWith('/console/callback')) return { browser, url: next.href }
    }
  }

  async function endOf(browser: Browser, url: string): Promise<string> {
    return (await browser.fetch(url)).headers.get('location') ?? ''
  }

  const expired = '/sign-in?problem=expired&issuer=demo'

  test('is good for the browser that asked, once', async () => {
    const { browser, url } = await answerFor('bob')
    const pending = new Map(browser.cookies)
    assert.equal(await endOf(new Browser(), url), expired, 'T20 another browser is signed in as nobody')
    assert.equal(await endOf(browser, url), '/')
    assert.equal(await endOf(browser, url), expired, 'replayed')
    const cookie = [...pending].map(([name, value]) => `${name}=${value}`).join('; ')
    const again = await fetch(url, { headers: { cookie }, redirect: 'manual' })
    assert.equal(again.headers.get('location'), expired, 'replayed with what the browser had kept')
    assert.deepEqual(again.headers.getSetCookie(), [])
  })

  test('is none of another issuer (RFC 9207)', async () => {
    const { browser, url } = await answerFor('bob')
    const mixed = new URL(url)
    assert.equal(mixed.searchParams.get('iss'), provider.issuer)
    mixed.searchParams.set('iss', 'https://evil.example')
    assert.equal(await endOf(browser, mixed.href), '/sign-in?problem=refused&issuer=demo')
    const other = await answerFor('bob')
    const silent = new URL(other.url)
    silent.searchParams.delete('iss')
    assert.equal(await endOf(other.browser, silent.href), '/sign-in?problem=refused&issuer=demo')
    const third = await answerFor('bob')
    const elsewhere = third.url.replace('/callback/demo', '/callback/okta')
    assert.equal(await endOf(third.browser, elsewhere), '/sign-in?problem=expired&issuer=okta')
  })

  test('with the code of somebody else signs in nobody', async () => {
    const mallory = await answerFor('alice')
    const victim = await answerFor('bob')
    const mixed = new URL(victim.url)
    mixed.searchParams.set('code', new URL(mallory.url).searchParams.get('code') ?? '')
    assert.equal(await endOf(victim.browser, mixed.href), '/sign-in?problem=refused&issuer=demo')
    assert.equal((await victim.browser.fetch(`${api}/console/session`)).status, 401)
  })
})

test('a gateway whose provider is down says so', async () => {
  const silent = createServer((_request, response) => void response.destroy())
  await once(silent.listen(0, '127.0.0.1'), 'listening')
  const { port } = silent.address() as AddressInfo
  const other = await startGateway({
    provider,
    policies: starterPolicies,
    targets: [{ name: 'shop', login: nobody }],
    issuers: [
      {
        name: 'away',
        kind: 'oidc',
        issuer: `http://127.0.0.1:${port}`,
        audience: 'sluice',
        console: { client_id: 'c', label: 'Away' },
      },
    ],
  })
  try {
    const at = `http://127.0.0.1:${other.api.port}`
    const names = (await (await fetch(`${at}/console/issuers`)).json()) as readonly {
      readonly name: string
    }[]
    assert.deepEqual(
      names.map(({ name }) => name),
      ['demo', 'away'],
    )
    const answer = await fetch(`${at}/console/sign-in?issuer=away`, { redirect: 'manual' })
    assert.equal(answer.headers.get('location'), '/sign-in?problem=unreachable&issuer=away')
    assert.match(other.reports.join('\n'), /does not answer/)
  } finally {
    await other.close()
    silent.close()
  }
})
