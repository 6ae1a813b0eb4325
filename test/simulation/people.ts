import type { Identity, Owners, Subject } from '@sluice/core'

/** Who takes part. What the engine must find out of tokens and owners is told here by name. */

function subject(name: string, change: Partial<Subject> = {}): Subject {
  return {
    id: `idp#${name}`,
    type: 'human',
    issuer: 'idp',
    groups: ['dba'],
    claims: {},
    on_behalf_of: null,
    ...change,
  }
}

export const requesters: readonly [Subject, ...Subject[]] = [
  subject('agent', { type: 'service', groups: [] }),
  subject('helper', { type: 'service', on_behalf_of: 'idp#alice' }),
  subject('alice'),
]

/** Whose vote mostly counts. */
const people = [
  subject('bob'),
  subject('carol'),
  subject('dave', { claims: { owner: 'daves-boss' } }),
] as const

const others = [
  subject('bob-admin', { groups: ['dba', 'admins'] }),
  subject('olga'),
  subject('alice'),
  subject('mallory', { groups: ['analysts'] }),
  subject('bot', { type: 'service' }),
  subject('stand-in', { on_behalf_of: 'idp#bob' }),
]

function identityOf(voter: Subject): Identity {
  return { subject: voter, tokenId: `tok_${voter.id}`, expiresAt: Number.MAX_SAFE_INTEGER }
}

const [bob, ...more] = people
export const approvers: readonly [Identity, ...Identity[]] = [identityOf(bob), ...more.map(identityOf)]
export const identities: readonly [Identity, ...Identity[]] = [...approvers, ...others.map(identityOf)]

export const owners: Owners = new Map([
  ['idp#agent', ['idp#olga']],
  ['idp#bob-admin', ['idp#bob']],
])

/** The person whose vote it is; `undefined` where nobody's vote counts. */
const persons: Readonly<Record<string, string>> = {
  'idp#bob': 'bob',
  'idp#bob-admin': 'bob',
  'idp#carol': 'carol',
  'idp#dave': 'dave',
  'idp#olga': 'olga',
  'idp#alice': 'alice',
}

const ownRequests: Readonly<Record<string, string>> = {
  'idp#agent': 'olga',
  'idp#helper': 'alice',
  'idp#alice': 'alice',
}

/** The person who votes, when they may vote on what this requester asked. */
export function voterOf(voter: string, requester: string): string | undefined {
  const person = persons[voter]
  return person === ownRequests[requester] ? undefined : person
}
