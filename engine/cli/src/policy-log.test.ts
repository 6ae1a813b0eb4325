import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { limits, StoreError, type Identity } from '@sluice/core'
import type { Bundle } from '@sluice/policy'
import type { Precedence, PolicyLog } from './policy-log.ts'
import { controlLog, type ControlLog } from './scripted-control.ts'

function bundle(revision: string): Bundle {
  const files = {
    'a.rego': `package sluice.rules.a # ${revision}`,
    'data.json': '{"x":1}',
    'sluice/decision.rego': 'package sluice.decision',
  }
  return { revision, compiler: 'opa 1', files, data: '{"x":1}', wasm: new Uint8Array(), reads: [] }
}

const carol: Identity = {
  subject: {
    id: 'i#carol',
    type: 'human',
    issuer: 'i',
    groups: ['operators'],
    claims: {},
    on_behalf_of: null,
  },
  tokenId: 'tok_1',
  expiresAt: 1,
}

function over(files: string): Precedence {
  return { identity: carol, reason: 'it broke reporting', requested: 'r1', over: files }
}

async function read(log: ControlLog): Promise<PolicyLog> {
  return (await log.declared()).policies
}

suite('what is in force', () => {
  test('is nothing in a new log', async () => {
    const policies = await read(controlLog())
    assert.deepEqual([policies.inForce, policies.rejected, policies.revisions()], [null, null, []])
  })

  test('is what came last, without the library and with its data', async () => {
    const log = controlLog()
    const policies = await read(log)
    await policies.activated(bundle('r1'), 'files')
    await policies.activated(bundle('r2'), 'files')
    const expected = {
      revision: 'r2',
      sources: { files: { 'a.rego': 'package sluice.rules.a # r2' }, data: { x: 1 } },
      over: null,
    }
    assert.deepEqual(policies.inForce, expected)
    assert.deepEqual((await read(log)).inForce, expected, 'and a restart finds the same')
  })

  test('has precedence over files from when a person put it in force until the files count again', async () => {
    const log = controlLog()
    const policies = await read(log)
    const precedence = async (): Promise<readonly unknown[]> => {
      const again = await read(log)
      assert.deepEqual(policies.inForce, again.inForce)
      return [again.inForce?.revision, again.inForce?.over]
    }
    await policies.activated(bundle('r2'), 'files')
    await policies.activatedBy(bundle('r1'), over('f2'))
    assert.deepEqual(await precedence(), ['r1', 'f2'])
    await policies.filesNotUsed('no')
    assert.deepEqual(await precedence(), ['r1', 'f2'])
    await policies.activated(bundle('r1 of a newer version'), 'again')
    assert.deepEqual(await precedence(), ['r1 of a newer version', 'f2'])
    await policies.activated(bundle('r3'), 'files')
    assert.deepEqual(await precedence(), ['r3', null])
  })

  test('is nothing that no gateway signed', async () => {
    const log = controlLog()
    await (await read(log)).activated(bundle('r1'), 'files')
    const forged = { revision: 'r2', compiler: '', bundle: '{}', by: 'file', reason: '' }
    log.forge({ type: 'PolicyActivated', data: forged })
    const again = await read(log)
    assert.deepEqual([again.inForce?.revision, again.revisions().length], ['r1', 1])
  })

  test('a failed activation changes nothing of it', async () => {
    const log = controlLog()
    const policies = await read(log)
    await policies.activated(bundle('r1'), 'files')
    await policies.notActivated(carol, 'r0', 'why')
    assert.deepEqual(log.news(), ['PolicyActivated', 'AdminActed'])
    assert.equal((await read(log)).inForce?.over, null)
  })

  test('is unchanged when the log does not take the change', async () => {
    const log = controlLog()
    const policies = await read(log)
    await policies.activated(bundle('r1'), 'files')
    log.failing = true
    await assert.rejects(policies.activatedBy(bundle('r2'), over('f')), StoreError)
    assert.deepEqual([policies.inForce?.revision, policies.inForce?.over], ['r1', null])
  })
})

suite('the record', () => {
  test('of a person says who, with which token, why, and over which files, in one unit', async () => {
    const log = controlLog()
    await (await read(log)).activatedBy(bundle('r1'), over('f2'))
    const [acted, activated] = log.events
    assert.ok(acted?.type === 'AdminActed' && activated?.type === 'PolicyActivated')
    assert.deepEqual(
      { ...acted.data, details: JSON.parse(acted.data.details) as unknown },
      {
        by: { id: 'i#carol', type: 'human', issuer: 'i', groups: ['operators'], on_behalf_of: null },
        token_id: 'tok_1',
        action: 'policy.activate',
        resource: 'r1',
        outcome: 'done',
        details: { files: 'f2', revision: 'r1' },
      },
    )
    assert.deepEqual([activated.data.by, activated.data.reason], ['i#carol', 'it broke reporting'])
    assert.deepEqual(JSON.parse(activated.data.bundle), bundle('r1').files)
  })

  test('of files that could not be used comes once, over restarts too, until something is in force', async () => {
    const log = controlLog()
    await (await read(log)).filesNotUsed('no')
    await (await read(log)).filesNotUsed('no')
    assert.deepEqual(log.news(), ['PolicyRejected'])
    const policies = await read(log)
    await policies.filesNotUsed('never')
    await policies.activated(bundle('r1'), 'files')
    await policies.filesNotUsed('never')
    assert.deepEqual(log.news(), ['PolicyRejected', 'PolicyActivated', 'PolicyRejected'])
    assert.equal(policies.rejected?.errors, 'never')
  })
})

suite('what the log says and a gateway cannot use', () => {
  test('is told by each gateway for itself, and is nothing of anybody’s files', async () => {
    const log = controlLog()
    const policies = await read(log)
    await policies.activated(bundle('r1'), 'files')
    await policies.notFollowed('no')
    await policies.notFollowed('no')
    await policies.followed('r1')
    assert.deepEqual(log.news(), ['PolicyActivated', 'PolicyRejected', 'PolicyRejected', 'PolicyFollowed'])
    for (const each of [policies, await read(log)])
      assert.deepEqual([each.rejected, each.inForce?.revision], [null, 'r1'])
  })
})

test('what no record of the log has room for is refused with its size, and never appended', async () => {
  const log = controlLog()
  const policies = await read(log)
  const text = 'x'.repeat(limits.policyBundleBytesMax)
  const large = { ...bundle('r1'), files: { 'a.rego': text } }
  const expected = /are 20971533 bytes in the log, where at most 20971520 have room/
  await assert.rejects(policies.activated(large, 'files'), expected)
  await assert.rejects(policies.activatedBy(large, over('f')), expected)
  assert.deepEqual([log.news(), policies.inForce], [[], null])
})

suite('revisions', () => {
  test('are listed once, newest first, as they came into force the last time', async () => {
    const log = controlLog()
    const policies = await read(log)
    await policies.activated(bundle('r1'), 'files')
    await policies.activated(bundle('r2'), 'files')
    await policies.activatedBy(bundle('r1'), over('f2'))
    for (const each of [policies, await read(log)])
      assert.deepEqual(
        each.revisions().map(({ revision, by, reason }) => [revision, by, reason]),
        [
          ['r1', 'i#carol', 'it broke reporting'],
          ['r2', 'file', 'the policy folder'],
        ],
      )
  })

  test('are found with their sources, and without reading what lies before them', async () => {
    const log = controlLog()
    for (let each = 0; each < 100; each++) log.pass('RequestReceived')
    const policies = await read(log)
    for (let each = 0; each < 100; each++) await policies.activated(bundle(`r${each}`), 'files')
    for (let each = 0; each < 100; each++) log.pass('RequestReceived')
    for (const each of [policies, await read(log)]) {
      for (const revision of ['r0', 'r42', 'r99']) {
        const before = log.reads()
        assert.deepEqual(Object.values((await each.sources(revision))?.files ?? {}), [
          `package sluice.rules.a # ${revision}`,
        ])
        assert.ok(log.reads() - before <= 1, `${log.reads() - before} events were read for ${revision}`)
      }
      assert.equal(await each.sources('r100'), null)
    }
  })
})
