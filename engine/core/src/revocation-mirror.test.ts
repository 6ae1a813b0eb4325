import { test } from 'node:test'
import assert from 'node:assert/strict'
import { RevocationMirror } from './revocation-mirror.ts'
import type { SubjectRevocation } from './revocation.ts'
import { SteppedClock } from './scripted-control.ts'
import { identity } from './scripted-gate.ts'

test('knows what was revoked before it began, hears of what is, and forgets what concerns nobody', () => {
  const clock = new SteppedClock()
  const alice = identity('alice', clock.now() + 60_000)
  const bob = identity('bob', clock.now() + 60_000)
  const revocation = (subject: string): SubjectRevocation => ({
    kind: 'subject',
    subject,
    issuedUpTo: clock.now() + 1_000_000,
    until: clock.now() + 1_000,
    at: clock.now(),
    by: 'okta#admin',
    reason: 'tested',
  })
  const mirror = new RevocationMirror(clock, [revocation(alice.subject.id)])
  const heard: string[] = []
  mirror.onChange((each) => heard.push(each.kind === 'subject' ? each.subject : each.token))
  assert.ok(mirror.of(alice))
  assert.equal(mirror.of(bob), undefined)
  mirror.take(revocation(bob.subject.id))
  assert.ok(mirror.of(bob))
  assert.deepEqual(heard, [bob.subject.id])
  mirror[Symbol.dispose]()
})
