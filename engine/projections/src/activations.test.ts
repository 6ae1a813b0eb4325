import { afterEach, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { systemClock, type EventData } from '@sluice/core'
import { openProjections, type Projections } from './projections.ts'
import { ScriptedLog } from './scripted.ts'

const a = { stream: 'control', writer: 'gw_a' }
const b = { stream: 'control', writer: 'gw_b' }
const joined = (writer: string, epoch = 1): EventData['GatewayJoined'] => ({ writer, epoch, public_key: '' })
const activated = (revision: string, by = 'i#carol'): EventData['PolicyActivated'] => ({
  revision,
  compiler: 'c',
  bundle: '{}',
  by,
  reason: 'why',
})

suite('what became of policies', () => {
  let running: Projections | undefined
  afterEach(async () => {
    await running?.close()
    running = undefined
  })

  async function read(log: ScriptedLog): Promise<Projections['activations']> {
    await running?.close()
    const report = (what: string): never => assert.fail(what)
    running = openProjections({ store: log, clock: systemClock, file: ':memory:', report })
    const last = log.events.at(-1)?.time ?? 0
    while (running.status.foldedUpToMs < last) await new Promise((resolve) => setTimeout(resolve, 5))
    return running.activations
  }

  test('is each activation, and what could not be used, newest first', async () => {
    const log = new ScriptedLog()
    log.write(a, 'PolicyActivated', activated('r1', 'file'))
    log.write(a, 'PolicyRejected', { errors: 'a.rego:1:1: no', by: 'file' })
    log.write(b, 'PolicyActivated', activated('r2'))
    log.write(a, 'PolicyRejected', { errors: 'version', by: 'gateway' })
    log.write(a, 'PolicyActivated', activated('r1'))
    const activations = await read(log)
    assert.deepEqual(
      activations
        .list(9)
        .map(({ kind, revision, gateway, by, errors }) => [kind, revision, gateway, by, errors]),
      [
        ['activated', 'r1', 'gw_a', 'i#carol', ''],
        ['rejected', 'r2', 'gw_a', 'gateway', 'version'],
        ['activated', 'r2', 'gw_b', 'i#carol', ''],
        ['rejected', null, 'gw_a', 'file', 'a.rego:1:1: no'],
        ['activated', 'r1', 'gw_a', 'file', ''],
      ],
    )
    assert.equal(activations.list(2).length, 2)
  })

  test('is at each live gateway what it says itself', async () => {
    const log = new ScriptedLog()
    const gateways = async () =>
      (await read(log)).gateways().map(({ gateway, revision, errors }) => [gateway, revision, errors])
    log.write(a, 'GatewayJoined', joined('gw_a'))
    log.write(a, 'PolicyActivated', activated('r1'))
    log.write(b, 'GatewayJoined', joined('gw_b'))
    assert.deepEqual(await gateways(), [
      ['gw_a', 'r1', null],
      ['gw_b', null, null],
    ])
    log.write(b, 'PolicyFollowed', { revision: 'r1' })
    log.write(a, 'PolicyActivated', activated('r2'))
    log.write(b, 'PolicyRejected', { errors: 'version', by: 'gateway' })
    assert.deepEqual(await gateways(), [
      ['gw_a', 'r2', null],
      ['gw_b', 'r1', 'version'],
    ])
    log.write(b, 'PolicyActivated', activated('r3'))
    log.write(a, 'GatewayLeft', { writer: 'gw_a', epoch: 1 })
    assert.deepEqual(await gateways(), [['gw_b', 'r3', null]])
    log.write(a, 'GatewayLost', { writer: 'gw_b', epoch: 1, resumes: 0 })
    assert.deepEqual(await gateways(), [])
  })

  test('is told of one that could not be used until another is activated', async () => {
    const log = new ScriptedLog()
    for (const name of ['gw_a', 'gw_b']) log.write(a, 'GatewayJoined', joined(name))
    log.write(b, 'PolicyFollowed', { revision: 'r1' })
    log.write(b, 'PolicyRejected', { errors: 'version', by: 'gateway' })
    // It serves this one still, and so says nothing of it.
    log.write(a, 'PolicyActivated', activated('r1'))
    const gateways = (await read(log)).gateways()
    assert.deepEqual(
      gateways.map(({ revision, errors }) => [revision, errors]),
      [
        ['r1', null],
        ['r1', null],
      ],
    )
  })
})
