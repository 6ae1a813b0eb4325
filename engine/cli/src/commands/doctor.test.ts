import { test } from 'node:test'
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { leaveDemo, nobody, ran, scratchFolder, scriptedServer, type ScriptedServer } from '../scripted.ts'

/** A gateway whose policies stand like that. */
function demoServer(view: object): Promise<ScriptedServer> {
  const active = 'a'.repeat(32)
  return scriptedServer((path) => ({
    body: JSON.stringify(
      path === '/v1/policies'
        ? { active, revisions: [], ...view }
        : { ready: true, access_token: path === '/token' ? 'ey' : 'slu_erin' },
    ),
  }))
}

test('with nothing there yet, nothing is wrong', async () => {
  using folder = scratchFolder()
  const { code, out } = await ran(['doctor'], { SLUICE_DATA: join(folder.path, 'new') })
  assert.equal(code, 0)
  assert.match(out, /^ok {4}runtime: Node \d+/)
  assert.match(out, /^ok {4}data folder: .*new will be created$/m)
  assert.match(out, /^ok {4}log: .*will be created$/m)
})

test('a data folder that others can read is a finding, with the remedy', async () => {
  using folder = scratchFolder()
  chmodSync(folder.path, 0o755)
  const { code, out } = await ran(['doctor'], { SLUICE_DATA: folder.path })
  assert.equal(code, 1)
  assert.match(out, /^FAIL {2}data folder: .* readable by others \(mode 755\): chmod 700 it$/m)
})

test('a running demo is checked, and its backends are told as JSON only', async () => {
  using folder = scratchFolder()
  await using server = await demoServer({ files: 'active', rejected: null, unusable: null })
  leaveDemo(folder.path, server.url, ['erin'])
  const env = { SLUICE_DATA: folder.path }
  const shown = await ran(['doctor'], env)
  assert.equal(shown.code, 0, shown.out)
  assert.match(shown.out, /^ok {4}API: http:\S+ answers 200$/m)
  assert.match(shown.out, /^ok {4}gateway postgres: \S+ accepts connections$/m)
  assert.match(shown.out, /^ok {4}policy files: in force as aaaaaaaaaaaa$/m)
  assert.doesNotMatch(shown.out, /hidden/, 'a credential does not scroll by')
  const { out } = await ran(['doctor', '--json'], env)
  const told = JSON.parse(out) as { checks: { ok: boolean }[]; direct: unknown }
  assert.ok(told.checks.every(({ ok }) => ok))
  assert.deepEqual(told.direct, { shop: 'postgresql://app:hidden@127.0.0.1:1/shop' })
})

const standings: readonly (readonly [object, 0 | 1, RegExp])[] = [
  [
    { files: 'differ', rejected: { time: 1, errors: 'of long ago' }, unusable: null },
    0,
    /^ok {4}policy files: set aside until they change: aaaaaaaaaaaa was activated over them/m,
  ],
  [
    {
      files: 'rejected',
      rejected: { time: 1, errors: 'a.rego:3:1: no\n    want: "x"\nb.rego:1:1: never' },
      unusable: null,
    },
    1,
    /^FAIL {2}policy files: not used, a{12} stays in force: a\.rego:3:1: no; want: "x"; b\.rego:1:1: never$/m,
  ],
  [
    { files: 'differ', rejected: null, unusable: { revision: 'b'.repeat(32), errors: 'version: x\n  y' } },
    1,
    /^FAIL {2}policies of the log: b{12} was activated and cannot be used here, a{12} stays in force: version: x; y$/m,
  ],
]

for (const [view, exit, line] of standings)
  test(`policy files that ${JSON.stringify(view).slice(0, 18)} … are told`, async () => {
    using folder = scratchFolder()
    await using server = await demoServer(view)
    leaveDemo(folder.path, server.url, ['erin'])
    const { code, out } = await ran(['doctor'], { SLUICE_DATA: folder.path })
    assert.equal(code, exit)
    assert.match(out, line)
  })

test('with a token, a gateway is asked that is not the demo', async () => {
  using folder = scratchFolder()
  const env = { SLUICE_DATA: join(folder.path, 'new'), SLUICE_URL: nobody, SLUICE_TOKEN: 'slu_x' }
  const { code, out } = await ran(['doctor'], env)
  assert.equal(code, 1)
  assert.match(out, /^FAIL {2}policy files: no gateway answers at/m)
})

test('a destination of notices that fails is named, with what it says', async () => {
  using folder = scratchFolder()
  chmodSync(folder.path, 0o700)
  const notices = join(folder.path, 'notices')
  mkdirSync(notices)
  const place = { position: null, from: null, since: 0 }
  const trouble = { since: Date.parse('2026-01-02T03:04:05Z'), reason: 'it answered 500', attempts: 7 }
  writeFileSync(join(notices, 'dba.json'), JSON.stringify({ ...place, trouble: null }))
  writeFileSync(join(notices, 'oncall.json'), JSON.stringify({ ...place, trouble }))
  writeFileSync(join(notices, 'torn.json'), '{')
  const { code, out } = await ran(['doctor'], { SLUICE_DATA: folder.path })
  assert.equal(code, 1)
  assert.match(out, /^ok {4}notices to dba: nothing failed$/m)
  assert.match(
    out,
    /^FAIL {2}notices to oncall: failed 7 times since 2026-01-02T03:04:05\.000Z: it answered 500$/m,
  )
  assert.match(out, /^FAIL {2}notices to torn: .*torn\.json is not readable: the last are repeated$/m)
})

test('a demo that has ended is a finding', async () => {
  using folder = scratchFolder()
  leaveDemo(folder.path, nobody, ['erin'])
  const { code, out } = await ran(['doctor'], { SLUICE_DATA: folder.path })
  assert.equal(code, 1)
  assert.match(out, /^FAIL {2}API: http:\/\/127\.0\.0\.1:9 does not answer: start the demo with npm start$/m)
})

test('a configuration is read, its policies looked for and its targets called', async () => {
  using folder = scratchFolder()
  await using server = await scriptedServer(() => ({ body: '' }))
  const file = join(folder.path, 'sluice.yaml')
  const config = {
    identity: { issuers: [{ name: 'i', kind: 'oidc', issuer: 'https://i.example', audience: 'sluice' }] },
    policies: { path: './mine' },
    targets: [
      {
        name: 'shop',
        protocol: 'http',
        address: new URL(server.url).host,
        tls: 'disable',
        credential: { password: { env: 'P' } },
      },
    ],
  }
  writeFileSync(file, JSON.stringify(config))
  const env = { SLUICE_DATA: folder.path, P: 'hunter2-canary' }
  const without = await ran(['doctor', '--config', file], env)
  assert.equal(without.code, 1)
  assert.match(without.out, /^ok {4}secret of target shop: environment variable P can be read$/m)
  assert.doesNotMatch(without.out, /hunter2/)
  const unset = await ran(['doctor', '--config', file], { SLUICE_DATA: folder.path })
  assert.match(unset.out, /^FAIL {2}secret of target shop: environment variable P is empty or not set$/m)
  assert.match(without.out, /^ok {4}target shop, login: it answers HTTP 200 at its root$/m)
  assert.match(
    without.out,
    /^note {2}target shop, TLS: Nothing is encrypted.*\n {6}Use the target’s port for TLS/m,
  )
  assert.match(unset.out, /^FAIL {2}target shop, credential: .*cannot be read/m)
  assert.match(without.out, /^FAIL {2}policies: .*mine does not exist$/m)
  mkdirSync(join(folder.path, 'mine'))
  assert.equal((await ran(['doctor'], { ...env, SLUICE_CONFIG: file })).code, 0)
  writeFileSync(file, 'polices: {}\n')
  const broken = await ran(['doctor', '--config', file], env)
  assert.equal(broken.code, 1)
  assert.match(broken.out, /^FAIL {2}configuration: .*sluice\.yaml:1:1: the file lacks "identity"/m)
  assert.match(broken.out, /^\S*:1:1: unknown key "polices" — did you mean "policies"\?$/m)
  assert.doesNotMatch(broken.out, /lacks "policies"/)
})

test('a file that is laid over the demo is looked at together with that, and of the targets its own', async () => {
  using folder = scratchFolder()
  chmodSync(folder.path, 0o700)
  await using server = await demoServer({ files: 'active', rejected: null, unusable: null })
  const target = (name: string): object => ({
    name,
    protocol: 'http',
    address: new URL(server.url).host,
    tls: 'disable',
    credential: { password: { env: `P_${name}` } },
  })
  leaveDemo(folder.path, server.url, ['erin'], {
    identity: { issuers: [{ name: 'demo', kind: 'oidc', issuer: 'https://i.example', audience: 'sluice' }] },
    policies: { path: folder.path },
    targets: [target('shop'), target('other')],
  })
  const file = join(folder.path, 'my.yaml')
  writeFileSync(file, JSON.stringify({ targets: [target('shop')] }))
  const env = { SLUICE_DATA: folder.path, P_shop: 'x' }
  for (const { code, out } of [
    await ran(['doctor', '--config', file], env),
    await ran(['doctor'], { ...env, SLUICE_CONFIG: file }),
  ]) {
    assert.equal(code, 0, out)
    assert.match(out, /^ok {4}configuration: \S*my\.yaml, laid over the demo's$/m)
    assert.match(out, /^ok {4}target shop, login/m)
    assert.doesNotMatch(out, /other/)
  }
  const { code, out } = await ran(['doctor', '--config', file], { SLUICE_DATA: join(folder.path, 'none') })
  assert.equal(code, 1)
  assert.match(out, /lacks "identity"[^]*\n {6}It is looked at as a whole\./)
})

test('a recogniser is asked, and one that would find nothing is named', async () => {
  using folder = scratchFolder()
  chmodSync(folder.path, 0o700)
  await using server = await scriptedServer((path) => ({
    body: path.startsWith('/supportedentities') ? '["PERSON"]' : '[[]]',
  }))
  const file = join(folder.path, 'sluice.yaml')
  const told = async (url: string, entities: object): Promise<{ code: number; out: string }> => {
    const people = { name: 'people', kind: 'presidio', url, entities }
    const config = {
      identity: { issuers: [{ name: 'i', kind: 'oidc', issuer: 'https://i.example', audience: 'sluice' }] },
      policies: { path: '.' },
      masking: { recognisers: [people] },
      targets: [],
    }
    writeFileSync(file, JSON.stringify(config))
    return ran(['doctor', '--config', file], { SLUICE_DATA: folder.path })
  }
  const well = await told(server.url, { PERSON: 'person' })
  assert.equal(well.code, 0, well.out)
  assert.match(well.out, /^ok {4}recogniser people: http:\S+ answers, for person$/m)
  const misspelt = await told(server.url, { PERSN: 'person' })
  assert.equal(misspelt.code, 1)
  assert.match(misspelt.out, /^FAIL {2}recogniser people: \S+ the analyzer does not look for PERSN in "en"$/m)
  const gone = await told(nobody, { PERSON: 'person' })
  assert.equal(gone.code, 1)
  assert.match(gone.out, /^FAIL {2}recogniser people: http:\S+: no answer that can be read$/m)
})
