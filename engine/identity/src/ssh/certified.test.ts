import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { limits, Refused, type Identity, type Subject } from '@sluice/core'
import { noon, scriptedClock } from '../scripted-issuer.ts'
import { certificateAuthority, identityExtension, type CertificateRequest } from './authority.ts'
import { certificateOf, signedCertificate, type Certificate } from './certificate.ts'
import { certifiedIdentity } from './certified.ts'
import { ed25519Blob, lineOf, publicKeyOf } from './public-key.ts'
import { string, uint32 } from './wire.ts'

const alice: Subject = {
  id: 'idp#alice',
  type: 'human',
  issuer: 'idp',
  groups: ['analysts', 'dba'],
  claims: { client_id: 'app' },
  on_behalf_of: null,
}
const until = noon + 600_000
const identity: Identity = { subject: alice, tokenId: 'tok_1', expiresAt: until }
const caKey = generateKeyPairSync('ed25519').privateKey
const otherKey = generateKeyPairSync('ed25519').privateKey
const userKey = publicKeyOf(ed25519Blob(generateKeyPairSync('ed25519').privateKey))
const publicKey = lineOf(userKey, 'alice@laptop')
const terms = { key: caKey, issuers: new Set(['idp']) }

function issued(change: Partial<CertificateRequest> = {}, who = identity, key: KeyObject = caKey): Buffer {
  const authority = certificateAuthority(key, scriptedClock())
  const { certificate } = authority.issue(who, { publicKey, targets: ['shop-host', 'build'], ...change })
  return Buffer.from(certificate.split(' ')[1] ?? '', 'base64')
}

/** One that says something else than the authority ever would, and is signed by its key all the same. */
function made(change: Partial<Certificate> = {}, key: KeyObject = caKey): Buffer {
  return signedCertificate(
    { ...certificateOf(issued()), ...change },
    { key, blob: ed25519Blob(key) },
    randomBytes(32),
  )
}

function verify(blob: Uint8Array, { ip = '10.1.2.3', now = noon } = {}): Identity {
  return certifiedIdentity(blob, ip, terms, now)
}

function refusedBy(attempt: () => unknown, rule: string, code = 'token_refused'): void {
  assert.throws(attempt, (error) => {
    assert.ok(error instanceof Refused, String(error))
    assert.deepEqual([error.refusal.code, error.refusal.rule], [code, `identity/${rule}`])
    return true
  })
}

function option(name: string, value: string): ReadonlyMap<string, Buffer> {
  return new Map([[name, string(value)]])
}

function saying(who: object | string): Buffer {
  const text = typeof who === 'string' ? who : JSON.stringify(who)
  return made({ extensions: option(identityExtension, text) })
}
const said = { id: 'tok_1', sub: 'idp#alice', typ: 'human', iss: 'idp' }

suite('a certificate of the authority', () => {
  test('speaks for the subject of the token that it was got with, with its groups, at its targets', () => {
    const { subject, tokenId, expiresAt, confined } = verify(issued())
    assert.deepEqual([subject, tokenId, expiresAt], [alice, 'tok_1', until])
    assert.deepEqual(confined?.targets, ['shop-host', 'build'])
    assert.deepEqual([confined?.command, confined?.permits?.includes('permit-pty')], [null, true])
  })
  test('is as old as that token, and names by the same fingerprint what that was made from', () => {
    const { issuedAt, madeFrom } = verify(
      issued({}, { ...identity, issuedAt: noon - 5_000, madeFrom: ['of it'] }),
    )
    assert.deepEqual([issuedAt, madeFrom], [noon - 5_000, ['of it']])
    assert.equal(verify(issued()).issuedAt, 0, 'an age that nobody told is the greatest')
  })
  test('keeps who it acts for', () => {
    const agent: Subject = { ...alice, type: 'service', groups: [], claims: {}, on_behalf_of: 'idp#bob' }
    assert.deepEqual(verify(issued({}, { ...identity, subject: agent })).subject, agent)
  })
  test('holds no token: who sees it can do nothing with it', () => {
    assert.ok(!issued().includes('slu_'))
  })
  test('speaks for no longer than a token would, however long it is valid', () => {
    const long = made({ validBefore: 2n ** 64n - 1n })
    assert.equal(verify(long).expiresAt, noon + limits.tokenLifeMs)
  })
})

suite('C18 a user certificate is refused', () => {
  test('of another authority', () =>
    refusedBy(() => verify(issued({}, identity, otherKey)), 'certificate_authority'))
  test('that names our authority and is signed by another key', () => {
    const forged = signedCertificate(
      certificateOf(issued()),
      { key: otherKey, blob: ed25519Blob(caKey) },
      randomBytes(32),
    )
    refusedBy(() => verify(forged), 'signature')
  })
  test('signed by a key that the authority certified, with that certificate as its signer', () => {
    const intermediate = issued({ publicKey: lineOf(publicKeyOf(ed25519Blob(otherKey)), 'x') })
    const nested = signedCertificate(
      certificateOf(issued()),
      { key: otherKey, blob: intermediate },
      randomBytes(32),
    )
    refusedBy(() => verify(nested), 'certificate_authority')
  })
  test('of a host', () => refusedBy(() => verify(made({ kind: 'host' })), 'certificate_kind'))
  test('that names no principal, which OpenSSH takes for all', () =>
    refusedBy(() => verify(made({ principals: [] })), 'principal'))
  test('before its time, and from its end on', () => {
    const before = noon - limits.clockSkewMs
    verify(issued(), { now: before })
    refusedBy(() => verify(issued(), { now: before - 1_000 }), 'time')
    verify(issued(), { now: until - 1 })
    refusedBy(() => verify(issued(), { now: until }), 'expired', 'token_expired')
    refusedBy(() => verify(made({ validAfter: 5n, validBefore: 4n })), 'expired', 'token_expired')
  })
  test('from an address that it is not for', () => {
    const bound = issued({ from: ['10.0.0.0/8', '2001:db8::/32'] })
    for (const ip of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1']) verify(bound, { ip })
    for (const ip of ['11.1.2.3', '::1', '', 'localhost', '10.1.2.3, 11.1.2.3'])
      refusedBy(() => verify(bound, { ip }), 'source_address')
  })
  for (const list of [
    '',
    '10.0.0.0/33',
    '10.0.0.0/8,',
    '10.0.0.0/',
    '10.0.0.0/08',
    '*',
    '!10.0.0.0/8',
    'fe80::1%eth0',
  ])
    test(`for the unreadable networks "${list}"`, () =>
      refusedBy(() => verify(made({ criticalOptions: option('source-address', list) })), 'source_address'))
  for (const name of ['verify-required', 'force-commands', 'x@example.com', ''])
    test(`with the critical option "${name}", which is not understood`, () =>
      refusedBy(() => verify(made({ criticalOptions: option(name, '') })), 'critical_option'))
  for (const command of ['', 'ls\0rm'])
    test(`that forces the command ${JSON.stringify(command)}`, () =>
      refusedBy(() => verify(made({ criticalOptions: option('force-command', command) })), 'critical_option'))
  test('whose forced command is not a text in a string', () =>
    refusedBy(
      () => verify(made({ criticalOptions: new Map([['force-command', Buffer.from('ls')]]) })),
      'certificate',
    ))
})

suite('C18 a forced command', () => {
  test('is handed on, whatever the certificate is shown for', () => {
    assert.equal(verify(issued({ command: 'uptime' })).confined?.command, 'uptime')
  })
  test('what a certificate does not permit is not permitted', () => {
    assert.deepEqual(verify(saying(said)).confined?.permits, [])
  })
})

suite('who a certificate is for', () => {
  test('is what any program signed with the key of the authority', () => {
    assert.equal(verify(saying(said)).subject.id, 'idp#alice')
  })
  test('is said by it and not by its key id', () =>
    refusedBy(() => verify(made({ extensions: new Map() })), 'subject'))
  test('is of an issuer that is configured', () =>
    refusedBy(() => verify(saying({ ...said, sub: 'gone#alice', iss: 'gone' })), 'unknown_issuer'))
  const unusable: readonly (object | string)[] = [
    {},
    [],
    'alice',
    '{"id":"t","sub":"idp#a","sub":"idp#b","typ":"human","iss":"idp"}',
    { ...said, sub: 'alice' },
    { ...said, sub: 'other#alice' },
    { ...said, sub: 'idp#a\nb' },
    { ...said, typ: 'root' },
    { ...said, grp: 'dba' },
    { ...said, grp: [['dba']] },
    { ...said, grp: Array.from({ length: limits.groupsMax + 1 }, String) },
    { ...said, clm: [] },
    { ...said, obo: 7 },
    { ...said, id: '' },
  ]
  for (const who of unusable)
    test(`is nobody by ${JSON.stringify(who).slice(0, 70)}`, () =>
      refusedBy(() => verify(saying(who)), 'subject'))
})

suite('bytes that are no certificate', () => {
  const good = issued()
  test('are refused where one of them differs', () => {
    for (let at = 0; at < good.length; at++) {
      const other = Buffer.from(good)
      other[at] = (other[at] ?? 0) ^ 1
      assert.throws(() => verify(other), Refused, `at ${at}`)
    }
  })
  test('are refused where one is missing or too many', () => {
    for (let length = 0; length < good.length; length++)
      refusedBy(() => verify(good.subarray(0, length)), 'certificate')
    refusedBy(() => verify(Buffer.concat([good, Buffer.alloc(1)])), 'certificate')
  })
  test('are refused, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        assert.throws(() => verify(bytes), Refused)
        assert.throws(() => verify(Buffer.concat([good.subarray(0, 40), bytes])), Refused)
      }),
      { numRuns: 2_000 },
    )
  })
  test('are refused with options that come twice or out of order', () => {
    for (const names of [
      ['permit-pty', 'permit-pty'],
      ['permit-pty', 'a'],
    ]) {
      const { signed } = certificateOf(good)
      const options = string(Buffer.concat(names.flatMap((name) => [string(name), string('')])))
      const [head, tail] = around(signed)
      const forged = Buffer.concat([head, options, tail])
      const signature = Buffer.concat([string('ssh-ed25519'), string(sign(null, forged, caKey))])
      refusedBy(() => verify(Buffer.concat([forged, string(signature)])), 'certificate')
    }
  })
})

/** What stands before and behind the extensions of a certificate. */
function around(signed: Buffer): readonly [Buffer, Buffer] {
  const tail = Buffer.concat([string(''), string(ed25519Blob(caKey))])
  const start = signed.indexOf('permit-X11-forwarding') - 8
  assert.ok(signed.readUInt32BE(start + 4) === 21 && uint32(21).length === 4)
  return [signed.subarray(0, start), tail]
}
