import { test } from 'node:test'
import assert from 'node:assert/strict'
import { ungrantable, grantRecord } from './grant-request.ts'
import type { AccessRule, Wanted } from './grants.ts'
import { limits } from './limits.ts'

const access: AccessRule = { approvers: ['dba'], roles: ['reader', 'writer'], maxMs: 28_800_000 }

function wanted(change: Partial<Wanted> = {}): Wanted {
  const subject = {
    id: 'idp#alice',
    type: 'human',
    issuer: 'idp',
    groups: [],
    claims: { secret: 'x' },
    on_behalf_of: null,
  } as const
  return { subject, target: 'shop', role: 'reader', lifeMs: 3_600_000, reason: 'figures', ...change }
}

const none = { views: [], underWay: [], now: 0 }

test('what is within bounds may be asked for', () => {
  assert.equal(ungrantable(wanted(), access, none), undefined)
  assert.equal(ungrantable(wanted({ lifeMs: access.maxMs }), access, none), undefined)
})

const refused: readonly (readonly [string, Wanted, AccessRule | undefined, string, RegExp])[] = [
  ['a target without approvers', wanted(), undefined, 'denied', /Nobody gives access to shop .*approvers/],
  ['an unknown role', wanted({ role: 'root' }), access, 'malformed', /the role reader or writer/],
  ['too long', wanted({ lifeMs: access.maxMs + 1 }), access, 'malformed', /to shop .* at most 8h/],
  [
    'longer than any configuration may say',
    wanted({ lifeMs: 1e12 }),
    { ...access, maxMs: 1e13 },
    'malformed',
    /at most 7d/,
  ],
  ['too short', wanted({ lifeMs: 999 }), access, 'malformed', /at least 1s/],
  ['no number', wanted({ lifeMs: Number.NaN }), access, 'malformed', /at least 1s/],
]

for (const [what, asked, rule, code, message] of refused)
  test(`${what} may not be asked for`, () => {
    const refusal = ungrantable(asked, rule, none)
    assert.equal(refusal?.code, code)
    assert.match(refusal.message, message)
  })

test('requests under way count, of this subject on this target', () => {
  const underWay = Array.from({ length: limits.grantsLiveMax }, () => wanted())
  assert.equal(ungrantable(wanted(), access, { ...none, underWay })?.code, 'too_many')
  assert.equal(ungrantable(wanted({ target: 'other' }), access, { ...none, underWay }), undefined)
})

test('claims are not recorded, and reasons are bounded', () => {
  const record = grantRecord('grt_1', wanted({ reason: 'x'.repeat(9_999) }), access, ['idp#alice'], 5)
  assert.equal(JSON.stringify(record).includes('secret'), false)
  assert.equal(record.reason.length, limits.approvalReasonCharsMax)
  assert.equal(record.expires_ms, 5 + limits.grantDecideMs)
})
