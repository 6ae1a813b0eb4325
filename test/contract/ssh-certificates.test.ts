import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Refused, systemClock, systemIds, type Identity } from '@sluice/core'
import { openIdentity, secretSource, type IdentityParts } from '@sluice/identity'
import { sshKeygen } from '../src/openssh.ts'

/** Keys and certificates of Sluice and of OpenSSH's own tool, each read by the other. */

const issuer = { name: 'idp', kind: 'oidc', issuer: 'https://idp.example', audience: 'sluice' } as const
const subject = {
  id: 'idp#alice',
  type: 'human',
  issuer: 'idp',
  groups: ['dba'],
  claims: {},
  on_behalf_of: null,
} as const
const who = JSON.stringify({ id: 'tok_2', sub: 'idp#ci', typ: 'service', iss: 'idp', grp: ['deploy'] })

suite('certificates of SSH', () => {
  let folder: string
  let identity: IdentityParts
  const at = (name: string): string => join(folder, name)
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-ssh-'))
    identity = await opened(folder)
  })
  after(() => rm(folder, { recursive: true }))

  const kinds: readonly (readonly [string, ...string[]])[] = [
    ['ed25519'],
    ['ecdsa', '-b', '256'],
    ['ecdsa', '-b', '384'],
    ['ecdsa', '-b', '521'],
    ['rsa', '-b', '2048'],
  ]
  const keyOf = async (name: string, kind: readonly string[] = ['ed25519']): Promise<string> => {
    await sshKeygen('-q', '-t', ...kind, '-N', '', '-C', 'alice@laptop', '-f', at(name))
    return readFile(at(`${name}.pub`), 'utf8')
  }

  for (const kind of kinds)
    test(`over a key of ${kind.join(' ')} is what ssh-keygen reads, and good here`, async () => {
      const name = kind.join('')
      const publicKey = await keyOf(name, kind)
      const expiresAt = Date.now() + 600_000
      const asked = { publicKey, targets: ['shop-host', 'build'], command: 'uptime', from: ['10.0.0.0/8'] }
      const issued = identity.sshAuthority.issue({ subject, tokenId: 'tok_1', expiresAt }, asked)
      await writeFile(at(`${name}-cert.pub`), `${issued.certificate}\n`)
      const shown = await sshKeygen('-L', '-f', at(`${name}-cert.pub`))
      await writeFile(at('ca.pub'), identity.sshAuthority.line)
      const [, caPrint] = (await sshKeygen('-l', '-f', at('ca.pub'))).split(' ')
      for (const part of [
        /user certificate\n/,
        new RegExp(`Public key: .*-CERT ${escaped(issued.fingerprint)}\n`),
        new RegExp(`Signing CA: ED25519 ${escaped(caPrint ?? '?')} `),
        /Key ID: "idp#alice tok_1"\n/,
        new RegExp(`Serial: ${issued.serial}\n`),
        /Principals: \n\s+shop-host\n\s+build\n/,
        /Critical Options: \n\s+force-command uptime\n\s+source-address 10\.0\.0\.0\/8\n/,
        /Extensions: \n[^]*identity@sluice\.dev/,
        /permit-pty\n/,
      ])
        assert.match(shown, part)
      assert.equal((await verified(await blobOf(at(`${name}-cert.pub`)), '10.1.1.1')).subject.id, 'idp#alice')
    })

  test('that ssh-keygen signed with the authority’s key are good, if they say who they are for', async () => {
    await keyOf('ci')
    const sign = (...more: readonly string[]): Promise<string> =>
      sshKeygen('-q', '-s', at('keys/ssh_ca.key'), '-I', 'ci', '-V', '-1m:+1h', ...more, at('ci.pub'))
    const named = ['-n', 'build', '-O', 'clear', '-O', `extension:identity@sluice.dev=${who}`]

    await sign(...named, '-O', 'force-command=make', '-O', 'source-address=10.0.0.0/8,127.0.0.1', '-z', '42')
    const { subject: ci, tokenId, expiresAt, confined } = await verified(await blobOf(at('ci-cert.pub')))
    assert.deepEqual([ci.id, ci.type, ci.groups, tokenId], ['idp#ci', 'service', ['deploy'], 'tok_2'])
    assert.deepEqual(confined, { targets: ['build'], command: 'make', permits: [] })
    assert.ok(expiresAt <= Date.now() + 900_000, 'an hour is not an hour here')

    const refused: readonly (readonly [string, readonly string[]])[] = [
      ['subject', ['-n', 'build']],
      ['principal', [`-Oextension:identity@sluice.dev=${who}`]],
      ['critical_option', [...named, '-O', 'critical:who@example.com=x']],
      ['critical_option', [...named, '-O', 'verify-required']],
      ['source_address', [...named, '-O', 'source-address=192.0.2.0/24']],
      ['certificate_kind', ['-h', '-n', 'build']],
      ['expired', [...named, '-V', '-2h:-1h']],
      ['time', [...named, '-V', '+1h:+2h']],
    ]
    for (const [rule, args] of refused) {
      await sign(...args)
      await refusedBy(await blobOf(at('ci-cert.pub')), rule)
    }
  })

  test('of somebody else’s authority are refused', async () => {
    await keyOf('other_ca')
    await keyOf('mallory')
    const named = ['-n', 'build', '-O', `extension:identity@sluice.dev=${who}`]
    await sshKeygen('-q', '-s', at('other_ca'), '-I', 'x', '-V', '-1m:+1h', ...named, at('mallory.pub'))
    await refusedBy(await blobOf(at('mallory-cert.pub')), 'certificate_authority')
  })

  test('of the gateway as a host are what ssh-keygen reads', async () => {
    await writeFile(at('host-cert.pub'), identity.sshHost.certificate(['gateway.example.com'], 86_400_000))
    const shown = await sshKeygen('-L', '-f', at('host-cert.pub'))
    assert.match(shown, /host certificate\n[^]*Principals: \n\s+gateway\.example\.com\n/)
  })

  test('for logins of the gateway are what ssh-keygen reads: one login, some minutes, its words in one line', async () => {
    await keyOf('fresh')
    const { line, certify } = identity.sshLogins
    assert.notEqual(line.split(' ')[1], identity.sshAuthority.line.split(' ')[1], 'an authority of its own')
    const blob = certify({
      publicKey: await blobOf(at('fresh.pub')),
      login: 'deploy',
      keyId: `idp#al\nice ${'x'.repeat(999)}`,
    })
    const written = `ssh-ed25519-cert-v01@openssh.com ${Buffer.from(blob).toString('base64')}\n`
    await writeFile(at('fresh-cert.pub'), written)
    const shown = await sshKeygen('-L', '-f', at('fresh-cert.pub'))
    assert.match(shown, /user certificate\n[^]*Key ID: "idp#al\?ice x{389}"\n/)
    assert.match(shown, /Principals: \n\s+deploy\n\s+Critical Options: \(none\)\n/)
    assert.match(shown, /Extensions: \n\s+permit-port-forwarding\n\s+permit-pty\n$/)
    const [, from = '', to = ''] = /Valid: from (\S+) to (\S+)/.exec(shown) ?? []
    assert.equal(
      Date.parse(to) - Date.parse(from),
      360_000,
      'five minutes, and one for clocks that are behind',
    )
    await refusedBy(Buffer.from(blob), 'certificate_authority')
  })

  test('keys are those that ssh-keygen reads and writes, and the same at a second gateway', async () => {
    await writeFile(at('host'), identity.sshHost.privateKey, { mode: 0o600 })
    const [type, base64] = (await sshKeygen('-y', '-f', at('host'))).split(' ')
    assert.equal(identity.sshHost.line, `${type} ${base64?.trim()} sluice`)
    const again = await opened(folder)
    assert.equal(again.sshAuthority.line, identity.sshAuthority.line)
    assert.equal(again.sshHost.line, identity.sshHost.line)
    await keyOf('own_ca')
    const own = await opened(folder, at('own_ca'))
    assert.equal(
      own.sshAuthority.line.split(' ')[1],
      (await readFile(at('own_ca.pub'), 'utf8')).split(' ')[1],
    )
    await assert.rejects(opened(folder, at('keys/ssh_login_ca.key')), /would take certificates of callers/)
    await sshKeygen('-q', '-t', 'ed25519', '-N', 'secret', '-f', at('locked'))
    await assert.rejects(opened(folder, at('locked')), /keys\.ssh_ca is not usable: it is encrypted/)
  })

  function verified(blob: Buffer, ip = '127.0.0.1'): Promise<Identity> {
    return identity.authenticator.authenticate({ kind: 'public_key', blob, ip })
  }

  function refusedBy(blob: Buffer, rule: string): Promise<void> {
    return assert.rejects(verified(blob), (error) => {
      assert.ok(error instanceof Refused, String(error))
      assert.equal(error.refusal.rule, `identity/${rule}`)
      return true
    })
  }
})

async function blobOf(file: string): Promise<Buffer> {
  return Buffer.from((await readFile(file, 'utf8')).split(' ')[1] ?? '', 'base64')
}

function escaped(text: string): string {
  return text.replaceAll(/[+/.]/g, '\\$&')
}

function opened(folder: string, ca?: string): Promise<IdentityParts> {
  const clock = systemClock
  return openIdentity({
    issuers: [issuer],
    saml: { issuers: [], url: '' },
    tokenKey: null,
    sshCaKey: ca === undefined ? null : { file: ca },
    sshHostKey: null,
    sshLoginKey: null,
    sshKeys: [],
    maskingKey: null,
    keys: join(folder, 'keys'),
    credentials: () => undefined,
    base: folder,
    secrets: secretSource({ base: folder, env: {}, clock }),
    revocations: { of: () => undefined },
    passwords: { of: () => undefined },
    clock,
    ids: systemIds(clock),
  })
}
