import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { openRegistrations, type NewRegistration, type Registrations } from './registrations.ts'
import { countingIds, quiet, SharedLog, SteppedClock } from './scripted-control.ts'

function target(name: string, by = 'idp#carol'): NewRegistration {
  const data = { protocol: 'postgres', address: 'db:5432', labels: '{}', settings: '{}' }
  return { name, ...data, by, entry: JSON.stringify({ name }) }
}

function fleet() {
  const log = new SharedLog()
  const [ids, clock] = [countingIds(), new SteppedClock()]
  const gateway = (writer: string): Promise<Registrations> =>
    openRegistrations({ store: log.store(writer, 1), clock, ids, report: (what) => assert.fail(what) })
  return { log, gateway }
}

suite('targets that people add', () => {
  test('are the same at every gateway, and after a restart', async () => {
    const { gateway } = fleet()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    const seen: string[] = []
    b.onChange((name) => seen.push(name))
    assert.equal(await a.register(target('build')), true)
    await quiet()
    assert.deepEqual(
      [seen, b.list()],
      [['build'], [{ name: 'build', entry: '{"name":"build"}', by: 'idp#carol' }]],
    )
    assert.deepEqual((await gateway('gw_c')).list(), b.list())
    assert.equal(await b.remove('build', 'idp#dave'), true)
    await quiet()
    assert.deepEqual([a.list(), seen], [[], ['build', 'build']])
  })

  test('are the first of their name, and come again only once they are gone', async () => {
    const { gateway } = fleet()
    const [a, b] = [await gateway('gw_a'), await gateway('gw_b')]
    assert.deepEqual(
      await Promise.all([a.register(target('build')), b.register(target('build', 'idp#dave'))]),
      [true, false],
    )
    assert.equal(a.list()[0]?.by, 'idp#carol')
    assert.equal(await a.remove('build', 'idp#carol'), true)
    assert.equal(await a.remove('build', 'idp#carol'), false)
    assert.equal(await b.register(target('build', 'idp#dave')), true)
  })

  test('are none of those that files declare, which no removal of theirs takes away', async () => {
    const { log, gateway } = fleet()
    const a = await gateway('gw_a')
    await a.register(target('build'))
    const said = { id: 'evt_1', time: 1 }
    log.record('gw_b', 1, { ...said, type: 'TargetRemoved', data: { name: 'build', by: 'file' } })
    const { entry: _, ...declared } = target('shop', 'file')
    log.record('gw_b', 1, { ...said, type: 'TargetRegistered', data: { ...declared, entry: null } })
    await quiet()
    assert.deepEqual(
      a.list().map(({ name }) => name),
      ['build'],
    )
  })
})
