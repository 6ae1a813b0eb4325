import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from '@sluice/core'
import { startSshd, type Sshd } from '@sluice/test'
import { sshKeygen } from '../../src/openssh.ts'
import { found, states } from './reached.ts'

/** OpenSSH's own server, with a certificate of its own tool; the gateway knows the authority and no host key. */
interface CertifiedHost extends AsyncDisposable {
  readonly sshd: Sshd
  readonly authority: string
  found(settings?: object): Promise<readonly Finding[]>
}

interface Certified {
  readonly key?: readonly string[]
  readonly authority?: readonly string[]
  /** Arguments of ssh-keygen beside who signs. */
  readonly sign?: readonly string[]
}

const good = ['-h', '-n', '127.0.0.1', '-V', '-1h:+1h']

async function certifiedHost({
  key = ['ed25519'],
  authority: kind = ['ed25519'],
  sign = good,
}: Certified = {}): Promise<CertifiedHost> {
  let authority = ''
  const sshd = await startSshd(async ({ home, hostKeyFile }) => {
    await sshKeygen('-q', '-t', ...kind, '-N', '', '-C', '', '-f', join(home, 'ca'))
    authority = (await readFile(join(home, 'ca.pub'), 'utf8')).trim()
    await sshKeygen('-q', '-s', join(home, 'ca'), '-I', 'host', ...sign, `${hostKeyFile}.pub`)
    return [`HostCertificate ${hostKeyFile}-cert.pub`]
  }, key)
  return {
    sshd,
    authority,
    found: (settings = { host_ca: authority }) => found(sshd, settings),
    [Symbol.asyncDispose]: () => sshd.close(),
  }
}

const letIn = ['good host key', 'good login']

suite('a host that shows a certificate', () => {
  const ecdsa = ['256', '384', '521'].map((bits) => ['ecdsa', '-b', bits] as const)
  const kinds = [['ed25519'], ...ecdsa, ['rsa', '-b', '2048']] as const
  for (const key of kinds)
    test(`over a key of ${key.join(' ')} is known by its authority`, async () => {
      await using host = await certifiedHost({ key })
      assert.deepEqual(states(await host.found()), letIn)
    })

  for (const authority of kinds.slice(1))
    test(`is known by an authority with a key of ${authority.join(' ')}`, async () => {
      await using host = await certifiedHost({ authority })
      assert.deepEqual(states(await host.found()), letIn)
    })

  test('may be called otherwise in it than its address is', async () => {
    await using host = await certifiedHost({ sign: ['-h', '-n', 'build.example.com,*.prod.example.com'] })
    const named = async (host_name: string) =>
      states(await host.found({ host_ca: host.authority, host_name }))
    assert.deepEqual(await named('build.example.com'), letIn)
    assert.deepEqual(await named('a.prod.example.com'), letIn)
    assert.deepEqual(await named('prod.example.com'), ['bad host key'])
    assert.deepEqual(await named('example.com'), ['bad host key'])
  })

  const refused: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['for another name', ['-h', '-n', 'other.example.com'], /it is not for 127\.0\.0\.1/],
    ['for no name', ['-h'], /it is not for 127\.0\.0\.1/],
    ['that is over', ['-h', '-n', '127.0.0.1', '-V', '-2h:-1h'], /not valid any more/],
    ['that has not begun', ['-h', '-n', '127.0.0.1', '-V', '+1h:+2h'], /not valid yet/],
    ['of a user', ['-n', '127.0.0.1'], /not one of a host/],
  ]
  for (const [what, sign, why] of refused)
    test(`${what} is not believed, whoever signed it`, async () => {
      await using host = await certifiedHost({ sign })
      const seen = await host.found()
      assert.deepEqual(states(seen), ['bad host key'])
      assert.match(seen[0]?.detail ?? '', why)
      assert.doesNotMatch(host.sshd.log(), /Accepted|userauth-request/, 'nobody logged in')
    })

  test('of another authority is not believed, nor a plain key where one is certified', async () => {
    await using host = await certifiedHost()
    await using other = await certifiedHost()
    const seen = await host.found({ host_ca: other.authority })
    assert.match(seen[0]?.detail ?? '', /no authority that is known here signed it/)
    const plain = await startSshd()
    const none = await found(plain, { host_ca: host.authority })
    await plain.close()
    assert.deepEqual(states(none), ['bad connection'], 'it has no certificate to show')
  })

  test('is believed for its key, where that is pinned as well', async () => {
    await using host = await certifiedHost({ sign: ['-h', '-n', 'other.example.com'] })
    const both = { host_ca: host.authority, host_key: host.sshd.hostKey }
    assert.deepEqual(states(await host.found(both)), letIn)
    assert.deepEqual(states(await host.found({ host_key: host.sshd.hostKey })), letIn)
  })

  test('of several authorities any will do', async () => {
    await using host = await certifiedHost()
    await using other = await certifiedHost()
    assert.deepEqual(states(await host.found({ host_ca: [other.authority, host.authority] })), letIn)
  })
})
