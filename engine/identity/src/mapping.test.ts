import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Refused, type Subject } from '@sluice/core'
import { checkClaims } from './claims.ts'
import { IssuerConfigError, openIssuers, type IssuerConfig } from './issuer.ts'
import { claimAt, mappedGroups, type GroupMapping } from './mapping.ts'
import { noon, scriptedClock } from './scripted-issuer.ts'
import { parseObject } from './strict-json.ts'
import { subjectOf } from './subject.ts'

const now = noon / 1000
const uid = '1ad6e4a9-1b1a-4b0a-9c4e-7b7a5a1d9d3e'

/** A projected token of a service account, as a Kubernetes API server writes it. */
const pod = {
  iss: 'https://kubernetes.default.svc.cluster.local',
  sub: 'system:serviceaccount:reporting:langchain',
  aud: ['sluice'],
  iat: now,
  nbf: now,
  exp: now + 3607,
  jti: 'd4b3c2a1',
  'kubernetes.io': {
    namespace: 'reporting',
    node: { name: 'node-1', uid },
    pod: { name: 'langchain-7d9f', uid },
    serviceaccount: { name: 'langchain', uid },
    warnafter: now + 3607,
  },
}
const cluster: IssuerConfig = {
  name: 'cluster',
  kind: 'oidc',
  issuer: pod.iss,
  audience: 'sluice',
  mappings: [
    {
      group: 'langchain',
      when: { '/kubernetes.io/namespace': 'reporting', '/kubernetes.io/serviceaccount/name': 'langchain' },
    },
  ],
  claims: ['/kubernetes.io/namespace'],
}

/** A token of a workflow, as GitHub Actions writes it. */
const workflow = {
  iss: 'https://token.actions.githubusercontent.com',
  sub: 'repo:octo-org/octo-repo:environment:production',
  aud: 'sluice',
  iat: now,
  nbf: now - 300,
  exp: now + 300,
  jti: 'example-id',
  ref: 'refs/heads/main',
  ref_type: 'branch',
  repository: 'octo-org/octo-repo',
  repository_id: '74',
  repository_owner: 'octo-org',
  repository_owner_id: '65',
  environment: 'production',
  workflow: 'nightly',
  job_workflow_ref: 'octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main',
  event_name: 'schedule',
  run_attempt: '2',
}
const github: IssuerConfig = {
  name: 'github',
  kind: 'oidc',
  issuer: workflow.iss,
  audience: 'sluice',
  mappings: [
    {
      group: 'deployers',
      when: {
        repository_id: '74',
        ref: ['refs/heads/main', 'refs/heads/release'],
        environment: 'production',
      },
    },
    { group: 'nightly', when: { repository: 'octo-org/octo-repo', workflow: 'nightly' } },
  ],
  claims: ['repository', 'ref', 'environment', 'workflow'],
}

function subject(claims: Readonly<Record<string, unknown>>, config: IssuerConfig): Subject {
  const [issuer] = openIssuers([config], scriptedClock()).values()
  assert.ok(issuer)
  const token = parseObject(Buffer.from(JSON.stringify(claims)))
  return subjectOf(checkClaims(token, issuer, noon), issuer)
}

/** The groups, or the rule that refused. */
function outcome(claims: Readonly<Record<string, unknown>>, config: IssuerConfig): string {
  try {
    return subject(claims, config).groups.join(' ')
  } catch (error) {
    assert.ok(error instanceof Refused, String(error))
    return error.refusal.rule
  }
}

suite('T12 a workload', () => {
  test('of Kubernetes is its issuer and service account, with the groups that a rule gives', () => {
    assert.deepEqual(subject(pod, cluster), {
      id: 'cluster#system:serviceaccount:reporting:langchain',
      type: 'service',
      issuer: 'cluster',
      groups: ['langchain'],
      claims: { '/kubernetes.io/namespace': 'reporting' },
      on_behalf_of: null,
    })
  })
  test('of GitHub Actions is its issuer and sub, with the groups of every rule that fits', () => {
    const { id, type, groups, claims } = subject(workflow, github)
    assert.deepEqual(
      [id, type, groups],
      ['github#repo:octo-org/octo-repo:environment:production', 'service', ['deployers', 'nightly']],
    )
    assert.deepEqual(claims, {
      repository: 'octo-org/octo-repo',
      ref: 'refs/heads/main',
      environment: 'production',
      workflow: 'nightly',
    })
  })

  const pods = (changes: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({
    ...pod,
    'kubernetes.io': { ...pod['kubernetes.io'], ...changes },
  })
  type Case = readonly [what: string, claims: Readonly<Record<string, unknown>>, expected: string]
  const ofCluster: readonly Case[] = [
    ['another namespace', pods({ namespace: 'payroll' }), 'identity/mapping'],
    ['no namespace', pods({ namespace: undefined }), 'identity/mapping'],
    ['a namespace that is a list', pods({ namespace: ['reporting'] }), 'identity/mapping'],
    ['another service account', pods({ serviceaccount: { name: 'default', uid } }), 'identity/mapping'],
    ['a service account that is a text', pods({ serviceaccount: 'langchain' }), 'identity/mapping'],
    ['no claim of Kubernetes', { ...pod, 'kubernetes.io': undefined }, 'identity/mapping'],
    [
      'the claims of Kubernetes as a text',
      { ...pod, 'kubernetes.io': '{"namespace":"reporting"}' },
      'identity/mapping',
    ],
    [
      'the path as a name',
      { ...pod, 'kubernetes.io': undefined, '/kubernetes.io/namespace': 'reporting' },
      'identity/mapping',
    ],
    [
      'groups of its own making',
      { ...pods({ namespace: 'payroll' }), groups: ['langchain'] },
      'identity/mapping',
    ],
    [
      'the audience of the API server',
      { ...pod, aud: ['https://kubernetes.default.svc'] },
      'identity/audience',
    ],
    [
      'an audience beside ours and no client',
      { ...pod, aud: ['sluice', 'vault'] },
      'identity/authorized_party',
    ],
    ['the life of a token that never ends', { ...pod, exp: undefined }, 'identity/time'],
    ['a life of a year', { ...pod, exp: now + 31_536_000 }, 'identity/time'],
  ]
  for (const [what, claims, expected] of ofCluster)
    test(`of Kubernetes with ${what}: ${expected}`, () => assert.equal(outcome(claims, cluster), expected))

  const ofGithub: readonly Case[] = [
    [
      'another repository',
      { ...workflow, repository: 'evil/octo-repo', repository_id: '75' },
      'identity/mapping',
    ],
    ['another branch', { ...workflow, ref: 'refs/heads/feature' }, 'nightly'],
    [
      'a branch that begins alike',
      { ...workflow, ref: 'refs/heads/main2', workflow: 'x' },
      'identity/mapping',
    ],
    ['other case', { ...workflow, environment: 'Production', workflow: 'Nightly' }, 'identity/mapping'],
    ['no environment', { ...workflow, environment: undefined, workflow: 'x' }, 'identity/mapping'],
    ['an id that is a number', { ...workflow, repository_id: 74, workflow: 'x' }, 'identity/mapping'],
    ['a claim that is null', { ...workflow, environment: null, workflow: null }, 'identity/mapping'],
    ['another audience', { ...workflow, aud: 'https://github.com/octo-org' }, 'identity/audience'],
  ]
  for (const [what, claims, expected] of ofGithub)
    test(`of GitHub Actions with ${what}: ${expected}`, () => assert.equal(outcome(claims, github), expected))

  test('gets no group from the claim that other issuers use, unless that is asked for', () => {
    assert.equal(outcome({ ...pod, groups: ['dba'] }, cluster), 'langchain')
    assert.equal(
      outcome({ ...pod, groups: ['dba'] }, { ...cluster, groups_claim: 'groups' }),
      'dba langchain',
    )
    assert.equal(
      outcome({ ...pod, groups: 'dba' }, { ...cluster, groups_claim: 'groups' }),
      'identity/groups',
    )
  })
})

suite('a mapping', () => {
  const fits = (claims: object, when: GroupMapping['when']): boolean =>
    mappedGroups(parseObject(Buffer.from(JSON.stringify(claims))), [{ group: 'g', when }]).length === 1

  test('compares without converting', () => {
    assert.ok(fits({ a: 1, b: true, c: 'x' }, { a: 1, b: true, c: 'x' }))
    assert.ok(fits({ a: 2 }, { a: [1, 2] }))
    const others: readonly (readonly [object, GroupMapping['when']])[] = [
      [{ a: '1' }, { a: 1 }],
      [{ a: 1 }, { a: '1' }],
      [{ a: 'true' }, { a: true }],
      [{ a: 1 }, { a: true }],
      [{ a: ['x'] }, { a: 'x' }],
      [{ a: 'x' }, { a: [] }],
      [{ a: {} }, { a: '[object Object]' }],
      [{}, { constructor: 'x' }],
      [{ a: 'x' }, { a: 'x', b: 'y' }],
      [{ a: 'xy' }, { a: 'x*' }],
      [{}, {}],
    ]
    for (const [claims, when] of others) assert.ok(!fits(claims, when), JSON.stringify([claims, when]))
  })
  test('reaches into a claim by JSON Pointer, and never into a list or a prototype', () => {
    const claims = parseObject(Buffer.from('{"a/b":{"m~n":"x"},"l":["x"],"s":"x","":{"":"y"}}'))
    assert.equal(claimAt(claims, '/a~1b/m~0n'), 'x')
    assert.equal(claimAt(claims, '//'), 'y')
    for (const path of [
      '/l/0',
      '/s/length',
      '/s/0',
      '/a~1b/constructor',
      '/constructor/name',
      '/__proto__/x',
      'toString',
    ])
      assert.equal(claimAt(claims, path), undefined, path)
  })
})

suite('an issuer that speaks for everybody', () => {
  const open = (config: IssuerConfig): unknown => openIssuers([config], scriptedClock())
  const { mappings: _none, ...unmapped } = github
  const refused: readonly (readonly [string, IssuerConfig])[] = [
    ['no mappings', unmapped],
    [
      'a mapping that any repository fits',
      { ...github, mappings: [{ group: 'g', when: { ref: 'refs/heads/main' } }] },
    ],
    [
      'one such mapping beside a good one',
      {
        ...github,
        mappings: [...(github.mappings ?? []), { group: 'g', when: { environment: 'production' } }],
      },
    ],
    ['no rule', { ...github, mappings: [] }],
    ['a rule that asks for nothing', { ...cluster, mappings: [{ group: 'g', when: {} }] }],
  ]
  for (const [what, config] of refused)
    test(`is not taken with ${what}`, () => assert.throws(() => open(config), IssuerConfigError))
  test('is taken with rules that say whose workload it is', () => assert.ok(open(github)))

  /** Tokens of service accounts, as the platform gives them to whoever has a project there, for any audience. */
  const cloud = { iss: 'https://accounts.google.com', aud: 'sluice', iat: now, exp: now + 3600 }
  const google: IssuerConfig = { name: 'google', kind: 'oidc', issuer: cloud.iss, audience: 'sluice' }
  const ours = { ...google, mappings: [{ group: 'jobs', when: { sub: '117' } }] }
  test('may be a cloud, of which one account is meant', () => {
    assert.equal(outcome({ ...cloud, azp: '117', sub: '117' }, ours), 'jobs')
    assert.equal(outcome({ ...cloud, azp: '666', sub: '666' }, ours), 'identity/mapping')
  })
  for (const issuer of [
    cloud.iss,
    'https://agent.buildkite.com',
    'https://app.terraform.io',
    'https://gitlab.com',
  ])
    test(`is ${issuer}`, () => {
      assert.throws(() => open({ ...google, issuer }), /everybody can get its tokens/)
      assert.ok(open({ ...ours, issuer }))
    })
})

suite('T7 a multi-tenant issuer', () => {
  const ours = '72f988bf-86f1-41af-91ab-2d7cd011db47'
  const theirs = '9188040d-6c67-4c5b-b112-36a304b66dad'
  const azure: IssuerConfig = {
    name: 'azure',
    kind: 'oidc',
    issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
    tenants: [ours],
    audience: 'sluice',
  }
  const claims = {
    iss: `https://login.microsoftonline.com/${ours}/v2.0`,
    tid: ours,
    sub: 'AAAA',
    aud: 'sluice',
    azp: 'app',
    iat: now,
    exp: now + 3600,
  }

  test('is one issuer for each listed tenant, and no other', () => {
    const issuers = openIssuers([{ ...azure, tenants: [ours, theirs] }], scriptedClock())
    assert.deepEqual(
      [...issuers].map(([url, { name }]) => [url, name]),
      [ours, theirs].map((id) => [`https://login.microsoftonline.com/${id}/v2.0`, `azure/${id}`]),
    )
    assert.equal(subject(claims, azure).id, `azure/${ours}#AAAA`)
  })
  test('asks that tid says the same', () => {
    for (const tid of [theirs, undefined, ours.toUpperCase(), [ours], null])
      assert.equal(outcome({ ...claims, tid }, azure), 'identity/tenant')
  })
  const refused: readonly (readonly [string, Partial<IssuerConfig>])[] = [
    ['no tenant', { tenants: [] }],
    ['a tenant that stands for all', { tenants: ['common'] }],
    ['a tenant that is a path', { tenants: ['../../evil'] }],
    ['a tenant in upper case', { tenants: [ours.toUpperCase()] }],
    ['no place for the tenant', { issuer: 'https://login.microsoftonline.com/common/v2.0' }],
    ['two places', { issuer: 'https://login.microsoftonline.com/{tenantid}/{tenantid}' }],
    ['the tenant as host', { issuer: 'https://{tenantid}.example.com/v2.0' }],
    ['the same tenant twice', { tenants: [ours, ours] }],
  ]
  for (const [what, change] of refused)
    test(`is not taken with ${what}`, () =>
      assert.throws(() => openIssuers([{ ...azure, ...change }], scriptedClock()), IssuerConfigError))
})
