import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, type Certify, type Credential } from '@sluice/core'
import { startIdentityProvider, type IdentityProvider } from '@sluice/demo'
import { loginAuthority } from '@sluice/identity'
import { openssh, startGateway, startSshd, type Gateway, type Sshd } from '@sluice/test'
import { fileURLToPath } from 'node:url'
import { sshKeygen } from '../../src/openssh.ts'
import { found, states } from './reached.ts'

const letIn = ['good host key', 'good login']
const everything = fileURLToPath(new URL('../policies/ssh-all', import.meta.url))

suite('the gateway logs in by a certificate', () => {
  let sshd: Sshd
  let trusted = ''
  const { privateKey } = generateKeyPairSync('ed25519')
  const authority = loginAuthority(privateKey, systemClock)
  const at = (name: string): string => join(sshd.home, name)
  before(async () => {
    // Nobody may log in there by a key alone. The file is read at each login.
    sshd = await startSshd(async ({ home }) => {
      trusted = join(home, 'trusted')
      await writeFile(trusted, `${authority.line}\n`)
      return [`TrustedUserCAKeys ${trusted}`, 'AuthorizedKeysFile none']
    })
  })
  after(() => sshd.close())

  const by = (certify: Certify, user = sshd.user): Credential => ({ user, password: '', certify })
  const seen = async (credential: Credential) =>
    states(await found(sshd, { host_key: sshd.hostKey }, credential))

  test('that is made for this login, and the host’s own log says in whose name', async () => {
    assert.deepEqual(await seen({ user: sshd.user, password: sshd.key }), ['bad login'], 'by no key alone')
    assert.deepEqual(await seen(by(authority.certify)), letIn)
    assert.match(sshd.log(), /Accepted publickey for .* ID probe of host \(serial \d+\) CA ED25519 SHA256:/)
  })

  test('by a fresh key each time', async () => {
    const before = sshd.log().length
    await seen(by(authority.certify))
    await seen(by(authority.certify))
    const shown = [
      ...sshd
        .log()
        .slice(before)
        .matchAll(/Accepted publickey for .* ED25519-CERT (SHA256:\S+)/g),
    ]
    assert.equal(new Set(shown.map(([, print]) => print)).size, 2)
  })

  test('that is good for no other login, after its minutes, before them, or of another authority', async () => {
    const hour = 3_600_000
    const clockOf = (offset: number) => ({ ...systemClock, now: () => systemClock.now() + offset })
    const stranger = loginAuthority(generateKeyPairSync('ed25519').privateKey, systemClock)
    const refused: readonly (readonly [string, Certify, RegExp])[] = [
      ['other', (wanted) => authority.certify({ ...wanted, login: 'other' }), /not a listed principal/],
      ['over', loginAuthority(privateKey, clockOf(-hour)).certify, /expired/],
      ['early', loginAuthority(privateKey, clockOf(hour)).certify, /not yet valid/],
      ['stranger', stranger.certify, /Failed publickey|not allowed|Connection closed by authenticating/],
    ]
    for (const [what, certify, why] of refused) {
      const before = sshd.log().length
      assert.deepEqual(await seen(by(certify)), ['bad login'], what)
      await said(why, before)
      assert.doesNotMatch(sshd.log().slice(before), /Accepted/, what)
    }
  })

  for (const kind of [['ed25519'], ['ecdsa', '-b', '256'], ['ecdsa', '-b', '521'], ['rsa', '-b', '2048']])
    test(`that lies beside a key of ${kind.join(' ')}`, async () => {
      const name = kind.join('')
      await sshKeygen('-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', at(`ca-${name}`))
      await writeFile(trusted, `${authority.line}\n${await readFile(at(`ca-${name}.pub`), 'utf8')}`)
      await sshKeygen('-q', '-t', ...kind, '-N', '', '-C', '', '-f', at(name))
      const sign = (principal: string) =>
        sshKeygen('-q', '-s', at(`ca-${name}`), '-I', 'given', '-n', principal, at(`${name}.pub`))
      const credential = async (): Promise<Credential> => ({
        user: sshd.user,
        password: await readFile(at(name), 'utf8'),
        certificate: await readFile(at(`${name}-cert.pub`), 'utf8'),
      })
      await sign(sshd.user)
      assert.deepEqual(await seen(await credential()), letIn)
      await sign('other')
      assert.deepEqual(await seen(await credential()), ['bad login'])
    })

  test('that is not over its key is told apart from one that the host refuses', async () => {
    await sshKeygen('-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', at('one'))
    await sshKeygen('-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', at('two'))
    await sshKeygen('-q', '-s', at('one'), '-I', 'x', '-n', sshd.user, at('two.pub'))
    const credential = {
      user: sshd.user,
      password: await readFile(at('one'), 'utf8'),
      certificate: await readFile(at('two-cert.pub'), 'utf8'),
    }
    const [finding] = await found(sshd, { host_key: sshd.hostKey }, credential)
    assert.match(finding?.detail ?? '', /certificate is not over that key/)
  })

  async function said(what: RegExp, from: number): Promise<void> {
    for (let tries = 0; tries < 100 && !what.test(sshd.log().slice(from)); tries++) await sleep(20)
    assert.match(sshd.log().slice(from), what)
  }
})

suite('a target whose hosts trust the gateway', () => {
  let sshd: Sshd
  let provider: IdentityProvider
  let gateway: Gateway
  before(async () => {
    let trusted = ''
    sshd = await startSshd(async ({ home }) => {
      trusted = join(home, 'trusted')
      return [`TrustedUserCAKeys ${trusted}`, 'AuthorizedKeysFile none']
    })
    provider = await startIdentityProvider({ port: 0 })
    const credential = { user: sshd.user, certificate: 'issued' }
    gateway = await startGateway({
      provider,
      policies: everything,
      targets: [
        {
          name: 'host',
          ssh: sshd,
          user: sshd.user,
          secret: '',
          hostKey: sshd.hostKey,
          settings: { credential, logins: ['nobody'] },
        },
        {
          name: sshd.user,
          ssh: sshd,
          user: sshd.user,
          secret: '',
          hostKey: sshd.hostKey,
          settings: { credential },
        },
      ],
    })
    await writeFile(trusted, `${(await known()).login_ca}\n`)
  })
  after(async () => {
    await gateway.close()
    await provider.close()
    await sshd.close()
  })

  const known = async () => {
    const { host, port } = gateway.api
    const response = await fetch(`http://${host}:${port}/v1/ssh/known`)
    return (await response.json()) as { readonly login_ca: string }
  }
  const door = async (user = 'host') => ({ ...gateway.ssh, user, token: await gateway.token('alice') })

  test('is logged into in the name of each caller, and of each session', async () => {
    const { status, stdout } = await openssh(await door(), 'id -un')
    assert.deepEqual([status, stdout.trim()], [0, sshd.user])
    const opened = (await gateway.events()).find(({ type }) => type === 'SessionOpened')
    const [, id] = /Accepted publickey for .* ID (ses_\w+ demo#alice) \(serial/.exec(sshd.log()) ?? []
    assert.equal(id, `${String(opened?.stream)} demo#alice`)
  })

  test('gives a terminal and what else the gateway offers', async () => {
    const { stdout } = await openssh(await door(), 'tty', { args: ['-tt'] })
    assert.match(stdout, /^\/dev\//)
  })

  test('C17 is logged into as whom its operator admits, with a certificate for just that', async () => {
    const { status, stderr } = await openssh(await door('root+host'), 'id -un')
    assert.deepEqual([status, /Nobody may log in there/.test(stderr)], [126, true])
    const before = sshd.log().length
    await openssh(await door('nobody+host'), 'true')
    assert.match(sshd.log().slice(before), /Accepted publickey for nobody .* ID ses_\w+ demo#alice /)
  })

  test('takes no certificate that callers have for the gateway, also where a target is named as a user there', async () => {
    const key = join(sshd.home, 'caller')
    await sshKeygen('-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key)
    const { host, port } = gateway.api
    const response = await fetch(`http://${host}:${port}/v1/ssh/certificate`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await gateway.token('alice')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ public_key: await readFile(`${key}.pub`, 'utf8'), targets: [sshd.user] }),
    })
    const { certificate } = (await response.json()) as { readonly certificate: string }
    await writeFile(`${key}-cert.pub`, `${certificate}\n`)
    const past = await openssh({ host: sshd.host, port: sshd.port, user: sshd.user, keyFile: key }, 'true')
    assert.equal(past.status, 255)
    assert.match(past.stderr, /Permission denied/)
    const through = await openssh({ ...gateway.ssh, user: sshd.user, keyFile: key }, 'true')
    assert.equal(through.status, 0, through.stderr)
  })

  test('leaves no key and no certificate in the record', async () => {
    const record = JSON.stringify(await gateway.events())
    assert.doesNotMatch(record, /PRIVATE KEY|cert-v01/)
  })
})
