import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { objectionTo, offeredTo } from './known-host.ts'
import { newPair, scriptedCertificate, type Said } from './scripted-certificate.ts'
import { sshTarget, type SshSettings } from './target.ts'

const [host, authority, stranger] = [newPair(), newPair(), newPair()]
const now = 1_800_000_000
const lineOf = ({ blob }: typeof host): string => `ssh-ed25519 ${blob.toString('base64')}`
const certifying = sshTarget.parse({ host_ca: lineOf(authority) })

function why(shown: Buffer, settings: SshSettings = certifying, name = 'host'): string | undefined {
  return objectionTo(shown, settings, name, now * 1_000)?.message
}

const certified = (said: Partial<Said> = {}): Buffer => scriptedCertificate(host, authority, said)

suite('what a host shows', () => {
  test('is believed where a known authority says that it is this host, to the second', () => {
    assert.equal(why(certified()), undefined)
    assert.equal(why(certified({ after: BigInt(now), before: BigInt(now + 1) })), undefined)
    assert.match(why(certified({ after: BigInt(now + 1) })) ?? '', /not valid yet/)
    assert.match(why(certified({ before: BigInt(now) })) ?? '', /not valid any more/)
  })

  const refused: readonly (readonly [string, Buffer, RegExp])[] = [
    ['options that are not known', certified({ critical: [['x@example.com', '']] }), /options/],
    ['options that are known for users', certified({ critical: [['force-command', 'x']] }), /options/],
    ['another signature than the one it names', certified({ signedBy: stranger }), /signature/],
    ['of a user', certified({ kind: 1 }), /not one of a host/],
    ['of neither', certified({ kind: 3 }), /not one of a host/],
    ['no name', certified({ principals: [] }), /not for host/],
    ['every name', certified({ principals: ['*'] }), /not for host/],
    ['patterns of other kinds', certified({ principals: ['h*', '?ost', 'host*'] }), /not for host/],
    ['another authority', scriptedCertificate(host, stranger), /no authority/],
    ['its own signature', scriptedCertificate(host, host), /no authority/],
    ['more behind its end', Buffer.concat([certified(), Buffer.from([0])]), /cannot be read/],
    ['less than all', certified().subarray(0, -1), /cannot be read/],
    ['a plain key', host.blob, /cannot be read/],
    ['the key of the authority', authority.blob, /cannot be read/],
    ['nothing', Buffer.alloc(0), /cannot be read/],
  ]
  for (const [what, shown, reason] of refused)
    test(`is not believed with ${what}`, () => assert.match(why(shown) ?? 'believed', reason))

  test('is not believed where one bit of it is another', () => {
    const shown = certified()
    for (let at = 0; at < shown.length; at++) {
      const other = Buffer.from(shown)
      other[at] = (other[at] ?? 0) ^ 1
      assert.notEqual(why(other), undefined, `byte ${at}`)
    }
  })

  test('is not believed for a name whose letters only look the same when they are small', () => {
    const kelvin = certified({ principals: ['\u212aiosk', '*.\u212aiosk'] })
    assert.match(why(kelvin, certifying, 'kiosk') ?? 'believed', /not for kiosk/)
    assert.match(why(kelvin, certifying, 'a.kiosk') ?? 'believed', /not for a\.kiosk/)
    assert.equal(why(certified({ principals: ['KIOSK'] }), certifying, 'kiosk'), undefined)
  })

  test('is a key where keys are known, and a certificate only where an authority is', () => {
    const pinned = sshTarget.parse({ host_key: lineOf(host) })
    assert.equal(why(host.blob, pinned), undefined)
    assert.match(why(stranger.blob, pinned) ?? '', /another host key/)
    assert.match(why(certified(), pinned) ?? '', /another host key/)
    assert.deepEqual(offeredTo(pinned), ['ssh-ed25519'])
    assert.ok(offeredTo(certifying).every((name) => name.endsWith('-cert-v01@openssh.com')))
    const both = sshTarget.parse({ host_key: lineOf(stranger), host_ca: lineOf(authority) })
    assert.equal(why(certified(), both), undefined)
    assert.equal(why(stranger.blob, both), undefined)
    assert.match(why(host.blob, both) ?? '', /another host key/)
  })
})
