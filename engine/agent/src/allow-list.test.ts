import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { AllowError, AllowList, NotAllowed } from './allow-list.ts'

const nowhere = (): never => assert.fail('nothing is looked up')

suite('the list of an agent', () => {
  const list = new AllowList([
    'db.internal:5432',
    '10.1.0.0/16:5432',
    '[fd00::/8]:443',
    '192.0.2.7:*',
    '0.0.0.0/0:8080',
    '[::/0]:8080',
    '[::/0]:9090',
  ])

  for (const [host, port] of [
    ['10.1.2.3', 5432],
    ['10.1.255.255', 5432],
    ['::ffff:10.1.2.3', 5432],
    ['::ffff:a01:203', 5432],
    ['0:0:0:0:0:FFFF:10.1.2.3', 5432],
    ['fd12::1', 443],
    ['192.0.2.7', 1],
    ['192.0.2.7', 65_535],
    ['198.51.100.1', 8080],
  ] as const)
    test(`lets ${host} port ${port} through, without looking anything up`, async () => {
      assert.equal((await list.resolved({ host, port }, nowhere)).length, 1)
      assert.ok(list.admits({ host, port }))
    })

  for (const [host, port] of [
    ['10.1.2.3', 5433],
    ['10.2.0.1', 5432],
    ['192.0.2.8', 5432],
    // A range that has everything in it is not meant for these.
    ['127.0.0.1', 8080],
    ['::ffff:127.0.0.1', 8080],
    ['::ffff:7f00:1', 8080],
    ['169.254.169.254', 8080],
    ['0.0.0.0', 8080],
    ['255.255.255.255', 8080],
    ['224.0.0.1', 8080],
    ['::1', 8080],
    ['::', 8080],
    ['fe80::1', 8080],
    ['fd00:ec2::254', 443],
    // The same, as a network may translate it.
    ['64:ff9b::a9fe:a9fe', 8080],
    ['64:ff9b::7f00:1', 8080],
    ['::127.0.0.1', 8080],
    ['::ffff:0:127.0.0.1', 8080],
    ['2002:a9fe:a9fe::1', 8080],
    // Of one link of this machine.
    ['fe80::1%eth0', 8080],
    ['::1%lo', 8080],
    ['::ffff:127.0.0.1%lo', 8080],
    // A range of the other family.
    ['10.1.2.3', 9090],
    ['::ffff:10.1.2.3', 9090],
    ['0:0:0:0:0:ffff:a01:203', 9090],
    // What a system would read as an address is none here.
    ['2130706433', 8080],
    ['0177.0.0.1', 8080],
    ['0x7f.1', 8080],
    ['127.1', 8080],
    ['0', 8080],
    ['localhost', 8080],
    ['db.internal', 5433],
    ['db.internal.', 5432],
    ['other.internal', 5432],
    ['leak.of.a.secret.example', 53],
  ] as const)
    test(`refuses ${host} port ${port}, without looking anything up`, async () => {
      await assert.rejects(list.resolved({ host, port }, nowhere), NotAllowed)
      assert.ok(!list.admits({ host, port }))
    })

  test('resolves a listed name once, and dials what was found', async () => {
    let asked = 0
    const resolve = async (): Promise<readonly string[]> => [['203.0.113.5', '127.0.0.1'][asked++] ?? '']
    assert.deepEqual(await list.resolved({ host: 'DB.internal', port: 5432 }, resolve), ['203.0.113.5'])
    assert.equal(asked, 1)
  })

  for (const address of [
    '127.0.0.1',
    '64:ff9b::169.254.169.254',
    '2002:7f00:1::',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    '::1',
    'fe80::1',
    'fd00:ec2::254',
    '0.0.0.0',
  ])
    test(`does not follow a listed name to ${address}`, async () => {
      await assert.rejects(
        list.resolved({ host: 'db.internal', port: 5432 }, async () => [address]),
        /not used by name/,
      )
    })

  test('passes over what is not meant beside what is', async () => {
    const found = async (): Promise<readonly string[]> => ['169.254.169.254', '203.0.113.5']
    assert.deepEqual(await list.resolved({ host: 'db.internal', port: 5432 }, found), ['203.0.113.5'])
  })

  test('lets this machine and its link through where they are listed themselves', async () => {
    const own = new AllowList(['127.0.0.1:5432', '169.254.0.0/16:80', 'localhost:6000', 'near.internal:5432'])
    assert.ok(own.admits({ host: '127.0.0.1', port: 5432 }))
    assert.ok(own.admits({ host: '169.254.169.254', port: 80 }))
    assert.ok(!own.admits({ host: '127.0.0.2', port: 5432 }))
    assert.deepEqual(
      await own.resolved({ host: 'localhost', port: 6000 }, async () => ['::1', '127.0.0.1']),
      ['::1', '127.0.0.1'],
    )
    assert.deepEqual(await own.resolved({ host: 'near.internal', port: 5432 }, async () => ['127.0.0.1']), [
      '127.0.0.1',
    ])
  })

  for (const text of [
    '',
    'db.internal',
    'db.internal:',
    'db.internal:0',
    'db.internal:65536',
    'db.internal:5432:1',
    '*:5432',
    '*.internal:5432',
    '10.0.0.0/33:1',
    '[fd00::/129]:1',
    'fd00::1:443',
    'db.internal/8:1',
    '127.1:80',
    '2130706433:80',
    '0x7f000001:80',
    'a b:1',
    'user@db:1',
  ])
    test(`does not understand "${text}"`, () => {
      assert.throws(() => new AllowList([text]), AllowError)
    })
})
