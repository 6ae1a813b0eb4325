import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { demoStateFile, sluice, type DemoState } from '@sluice/cli'
import { startIdentityProvider } from '@sluice/demo'
import { startGateway } from '../src/index.ts'
import { Browser, hidden, type Page } from './browser.ts'
import { starterPolicies } from './stage.ts'

/** People log in at a real provider, by browser and by device, and act at the gateway by that. */
const parts = new AsyncDisposableStack()
after(() => parts.disposeAsync())
/** Stale from the second second on: what is used must have half a minute left. */
const provider = await startIdentityProvider({ port: 0, tokenLifeSeconds: 31 })
parts.defer(() => provider.close())
const nobody = { host: '127.0.0.1', port: 9, user: 'u', password: 'p', database: 'd' }
const gateway = await startGateway({
  provider,
  policies: starterPolicies,
  targets: [{ name: 'shop', login: nobody }],
})
parts.defer(() => gateway.close())
const { client_id: clientId, resource, password } = provider.login

interface Person extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>
  readonly file: string
  /** Runs a command; `shown` gets what it says meanwhile. */
  run(args: readonly string[], shown?: (url: string, said: string) => Promise<void>): Promise<Ended>
  stored(): Promise<
    Readonly<Record<string, { readonly refresh_token: string; readonly access_token: string }>>
  >
}

interface Ended {
  readonly code: number
  readonly out: string
  readonly said: string
}

async function person(): Promise<Person> {
  const home = await mkdtemp(join(tmpdir(), 'sluice-person-'))
  const env = { XDG_CONFIG_HOME: home, SLUICE_DATA: home, SLUICE_URL: `http://127.0.0.1:${gateway.api.port}` }
  const file = join(home, 'sluice', 'logins.json')
  return {
    env,
    file,
    async run(args, shown = async () => {}) {
      let [out, said] = ['', '']
      let meanwhile: Promise<void> | undefined
      const code = await sluice(args, {
        env,
        signal: AbortSignal.timeout(60_000),
        out: (text) => (out += text),
        error: (text) => {
          said += text
          const [url] = /http:\S+/.exec(text) ?? []
          if (url !== undefined) meanwhile ??= shown(url, said)
        },
      })
      await meanwhile
      return { code, out, said }
    },
    stored: async () => (JSON.parse(await readFile(file, 'utf8')) as { logins: never }).logins,
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  }
}

const here = ['--issuer', provider.issuer, '--client-id', clientId, '--resource', resource, '--no-browser']

function signIn(name: string, decision = 'allow'): (url: string) => Promise<void> {
  return async (url) => {
    const browser = new Browser()
    const asks = await browser.open(url)
    assert.match(asks.text, /Who are you\?/)
    await browser.open(asks.url, { name, password, decision })
  }
}

/** On another device: the code, the confirmation, and who it is. */
function confirm(name: string, decision = 'allow'): (url: string, said: string) => Promise<void> {
  return async (_url, said) => {
    const [, code = ''] = /the code (\S+)/.exec(said) ?? []
    const browser = new Browser()
    const page = (url: string, form?: Readonly<Record<string, string>>): Promise<Page> =>
      browser.open(url, form)
    const input = await page(`${provider.issuer}/device`)
    const asks = await page(input.url, { xsrf: hidden(input, 'xsrf'), user_code: code })
    assert.match(asks.text, new RegExp(`Is ${code} what your own terminal shows`))
    const who = await page(asks.url, { xsrf: hidden(asks, 'xsrf'), user_code: code, confirm: 'yes' })
    await page(who.url, { name, password, decision })
  }
}

/** Of a gateway token. */
function subjectIn(token: string): unknown {
  const payload = Buffer.from(token.trim().slice('slu_'.length), 'base64url').subarray(32)
  return (JSON.parse(payload.toString()) as { readonly sub: unknown }).sub
}

function assertQuiet({ out, said }: Ended, secrets: readonly string[]): void {
  for (const secret of secrets) assert.ok(!`${out}${said}`.includes(secret), 'no token is printed')
}

suite('people', { concurrency: 4 }, () => {
  test('log in with a browser, and are who they say at the gateway', async () => {
    await using alice = await person()
    const ended = await alice.run(['login', 'work', ...here], signIn('alice'))
    assert.deepEqual([ended.code, ended.out], [0, `logged in at work (${provider.issuer}) as alice\n`])
    assert.equal((await stat(alice.file)).mode & 0o777, 0o600)
    const { work } = await alice.stored()
    assertQuiet(ended, [work?.access_token ?? '', work?.refresh_token ?? ''])
    const { code, out } = await alice.run(['token'])
    assert.deepEqual([code, subjectIn(out)], [0, 'demo#alice'])
    assert.match((await alice.run(['targets', 'ls'])).out, /shop/)
    const list = await alice.run(['login', '--list', '--json'])
    assert.deepEqual(JSON.parse(list.out), {
      name: 'work',
      issuer: provider.issuer,
      subject: 'alice',
      current: true,
    })
  })

  test('log in on another device', async () => {
    await using bob = await person()
    const ended = await bob.run(['login', '--device', ...here], confirm('bob'))
    assert.deepEqual([ended.code, ended.out], [0, `logged in at default (${provider.issuer}) as bob\n`])
    assert.equal(subjectIn((await bob.run(['token'])).out), 'demo#bob')
  })

  test('are several at once, by name', async () => {
    await using both = await person()
    await both.run(['login', 'one', ...here], signIn('alice'))
    await both.run(['login', 'two', ...here], signIn('bob'))
    assert.equal(subjectIn((await both.run(['token'])).out), 'demo#bob')
    assert.equal(subjectIn((await both.run(['token', '--login', 'one'])).out), 'demo#alice')
    assert.deepEqual([(await both.run(['token', '--login', 'three'])).code], [2])
    assert.equal((await both.run(['logout'])).code, 0)
    assert.equal(subjectIn((await both.run(['token'])).out), 'demo#alice')
  })

  test('need to say nothing where the demo runs, and its own service where nobody logged in', async () => {
    await using bob = await person()
    const { token_endpoint, requests, login, issuer } = provider
    const state: DemoState = {
      api: bob.env['SLUICE_URL'] ?? '',
      listen: {},
      direct: {},
      identity: { token_endpoint, requests, login: { issuer, ...login } },
    }
    await writeFile(demoStateFile(bob.env['SLUICE_DATA'] ?? ''), JSON.stringify(state))
    assert.equal(subjectIn((await bob.run(['token'])).out), 'demo#langchain-reporting')
    const ended = await bob.run(['login', '--no-browser'], signIn('bob'))
    assert.deepEqual([ended.code, ended.out], [0, `logged in at demo (${issuer}) as bob\n`])
    assert.equal(subjectIn((await bob.run(['token'])).out), 'demo#bob')
    assert.equal(subjectIn((await bob.run(['token', '--as', 'alice'])).out), 'demo#alice')
  })

  test('who say no, or not the password, are told so', async () => {
    await using alice = await person()
    const denied = await alice.run(['login', ...here], signIn('alice', 'deny'))
    assert.deepEqual(
      [denied.code, /was denied \(access_denied.*log in again, and agree/.test(denied.said)],
      [1, true],
    )
    const device = await alice.run(['login', '--device', ...here], confirm('alice', 'deny'))
    assert.deepEqual([device.code, /was denied/.test(device.said)], [1, true])
    await assert.rejects(alice.stored(), /ENOENT/)
    const wrong = await alice.run(['login', ...here], async (url) => {
      const browser = new Browser()
      const asks = await browser.open(url)
      const again = await browser.open(asks.url, { name: 'alice', password: 'guess', decision: 'allow' })
      assert.equal(again.status, 403)
      await browser.open(again.url, { name: 'alice', password, decision: 'deny' })
    })
    assert.equal(wrong.code, 1)
  })

  test('a code that nobody confirms expires', async () => {
    await using alice = await person()
    await using hasty = new AsyncDisposableStack()
    const other = await startIdentityProvider({ port: 0, deviceCodeSeconds: 3 })
    hasty.defer(() => other.close())
    const [, , ...rest] = here
    const { code, said } = await alice.run(['login', '--device', '--issuer', other.issuer, ...rest])
    assert.deepEqual([code, /nobody confirmed the code in time/.test(said)], [1, true])
  })

  test('an answer without our state is not ours, and the login goes on', async () => {
    await using alice = await person()
    const ended = await alice.run(['login', ...here], async (url) => {
      const redirect = new URL(url).searchParams.get('redirect_uri') ?? ''
      const state = new URL(url).searchParams.get('state') ?? ''
      for (const query of [
        '?code=x&state=other',
        '?code=x',
        `?code=x&state=${state}&state=${state}`,
        '?error=access_denied',
      ])
        assert.equal((await fetch(`${redirect}${query}`)).status, 400)
      assert.equal((await fetch(`${redirect}/elsewhere?code=x&state=${state}`)).status, 404)
      await signIn('alice')(url)
    })
    assert.equal(ended.code, 0)
  })

  const mixUps: readonly (readonly [string, (redirect: string, state: string) => string])[] = [
    [
      'of another issuer',
      (redirect, state) => `${redirect}?code=x&state=${state}&iss=https%3A%2F%2Fevil.example`,
    ],
    ['of no issuer', (redirect, state) => `${redirect}?code=x&state=${state}`],
  ]
  for (const [what, answer] of mixUps)
    test(`an answer ${what} ends the login: it may be a mix-up`, async () => {
      await using alice = await person()
      const { code, said } = await alice.run(['login', ...here], async (url) => {
        const { searchParams } = new URL(url)
        await fetch(answer(searchParams.get('redirect_uri') ?? '', searchParams.get('state') ?? ''))
      })
      assert.equal(code, 1)
      assert.match(said, /answers otherwise than it must .*nothing was kept/)
      await assert.rejects(alice.stored(), /ENOENT/)
    })

  test('renewed logins rotate their refresh token, once for all who want it at the same time', async () => {
    await using alice = await person()
    await alice.run(['login', ...here], signIn('alice'))
    const before = (await alice.stored())['default']
    await setTimeout(2_000)
    const tokens = await Promise.all([1, 2, 3].map(() => alice.run(['token'])))
    assert.deepEqual(
      tokens.map(({ code, out }) => [code, subjectIn(out)]),
      [1, 2, 3].map(() => [0, 'demo#alice']),
    )
    const after = (await alice.stored())['default']
    assert.notEqual(after?.refresh_token, before?.refresh_token)
    assert.equal((await stat(alice.file)).mode & 0o777, 0o600)
  })

  test('a login that the provider ended says how to begin again, and is forgotten', async () => {
    await using alice = await person()
    await alice.run(['login', ...here], signIn('alice'))
    const token = (await alice.stored())['default']?.refresh_token ?? ''
    await fetch(`${provider.issuer}/token/revocation`, {
      method: 'POST',
      body: new URLSearchParams({ token, client_id: clientId }),
    })
    await setTimeout(2_000)
    const ended = await alice.run(['token', '--login', 'default'])
    assert.equal(ended.code, 1)
    assert.match(
      ended.said,
      /the login at default has ended \(.*invalid_grant.*\): run sluice login default --issuer /,
    )
    assertQuiet(ended, [token])
    assert.deepEqual(await alice.stored(), {})
  })

  test('logging out revokes what was kept', async () => {
    await using alice = await person()
    await alice.run(['login', ...here], signIn('alice'))
    const token = (await alice.stored())['default']?.refresh_token ?? ''
    assert.equal((await alice.run(['logout'])).out, 'logged out at default\n')
    const answer = await fetch(provider.token_endpoint, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: token, client_id: clientId }),
    })
    assert.deepEqual(
      [answer.status, ((await answer.json()) as { error: string }).error],
      [400, 'invalid_grant'],
    )
    assert.equal((await alice.run(['logout'])).code, 1)
  })

  test('tokens that others may read are not used', async () => {
    await using alice = await person()
    await alice.run(['login', ...here], signIn('alice'))
    const text = await readFile(alice.file)
    await rm(alice.file)
    await writeFile(alice.file, text, { mode: 0o644 })
    const { code, said } = await alice.run(['token'])
    assert.deepEqual([code, /others may read .*chmod 600/.test(said)], [1, true])
  })

  test('a provider that is down, or is none: exit code 3 or what to do', async () => {
    await using alice = await person()
    const at = (issuer: string): Promise<Ended> =>
      alice.run(['login', '--issuer', issuer, '--client-id', 'x', '--no-browser'])
    const down = await at('http://127.0.0.1:9')
    assert.deepEqual([down.code, /does not answer/.test(down.said)], [3, true])
    assert.equal((await at('http://provider.example')).code, 2)
    const other = await at(`${provider.issuer}/`)
    assert.deepEqual(
      [other.code, other.said.includes(`log in with --issuer ${provider.issuer}\n`)],
      [1, true],
    )
    assert.equal((await alice.run(['login'])).code, 2)
  })
})
