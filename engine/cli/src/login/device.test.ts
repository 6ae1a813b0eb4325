import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { loginByDevice } from './device.ts'
import type { Login } from './logins.ts'
import { scriptedProvider, type ProviderScript, type ScriptedProvider } from './scripted-provider.ts'

async function login(
  script: ProviderScript,
  check: (login: Login, provider: ScriptedProvider) => void = () => {},
): Promise<void> {
  await using provider = await scriptedProvider(script)
  const shown: string[] = []
  const show = (url: string, code: string): void => void shown.push(url, code)
  const made = await loginByDevice(provider.terms, { show, signal: AbortSignal.timeout(30_000) })
  assert.deepEqual(shown, [`${provider.issuer}/at`, 'AB-CD'])
  check(made, provider)
}

suite('a login by device', { concurrency: true }, () => {
  test('asks as often as it is told, and less often when it is told so', () =>
    login({ errors: ['authorization_pending', 'slow_down'] }, (made, { asked }) => {
      assert.equal(made.subject, 'alice')
      const [first = 0, second = 0, third = 0] = asked.map(({ atMs }) => atMs)
      assert.ok(second - first >= 900, `${second - first} ms between the first two`)
      assert.ok(
        third - second >= 5_900,
        `${third - second} ms after slow_down (RFC 8628 §3.5: five seconds more)`,
      )
      assert.equal(asked[0]?.form.get('resource'), 'urn:sluice')
    }))

  test('says when nobody confirmed in time, by the provider’s clock and by its own', async () => {
    await assert.rejects(login({ errors: ['expired_token'] }), /nobody confirmed the code in time/)
    const errors = Array.from({ length: 20 }, () => 'authorization_pending')
    await assert.rejects(login({ errors, device: { expires_in: 2 } }), /nobody confirmed the code in time/)
  })

  test('shows nothing that a terminal would obey', async () => {
    const device = { verification_uri: 'https://idp.example/\u001b]0;x\u0007', user_code: 'A\u001b[2J' }
    await using provider = await scriptedProvider({ device })
    const shown: string[] = []
    const show = (url: string, code: string): void => void shown.push(url, code)
    await loginByDevice(provider.terms, { show, signal: AbortSignal.timeout(30_000) })
    assert.deepEqual(shown, ['https://idp.example/\\u{1b}]0;x\\u{7}', 'A\\u{1b}[2J'])
  })

  test('says when it was denied', () =>
    assert.rejects(login({ errors: ['access_denied'] }), /was denied .*log in again, and agree/))

  test('checks the ID token like that of a browser', () =>
    assert.rejects(login({ forged: true }), /answers otherwise than it must/))

  test('is not offered by every provider', () =>
    assert.rejects(login({ metadata: { device_authorization_endpoint: undefined } }), /leave --device out/))
})
