import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { gatewaysAt } from './gateway-name.ts'
import { limits } from './limits.ts'

const at = (host: string) => ({ host, port: 7444 })

suite('gateways behind a name', () => {
  for (const [what, found, expected] of [
    ['several addresses: each', ['10.0.0.1', '10.0.0.2'], ['10.0.0.1', '10.0.0.2']],
    [
      'several of both families: those of one',
      ['fd00::1', '10.0.0.1', '10.0.0.2', 'fd00::2'],
      ['10.0.0.1', '10.0.0.2'],
    ],
    ['more of IPv6', ['10.0.0.1', 'fd00::1', 'fd00::2'], ['fd00::1', 'fd00::2']],
    ['the same twice: once', ['10.0.0.1', '10.0.0.1', '10.0.0.2'], ['10.0.0.1', '10.0.0.2']],
    ['one address: the name', ['10.0.0.1'], ['gateways.example']],
    [
      'one of each family: the name, of which the system takes what answers',
      ['::1', '127.0.0.1'],
      ['gateways.example'],
    ],
    ['no address: the name, whose attempt says so', [], ['gateways.example']],
  ] as const)
    test(what, async () => {
      assert.deepEqual(await gatewaysAt(at('gateways.example'), async () => found), expected.map(at))
    })

  test('an address is not looked up, and a name that cannot be is dialled', async () => {
    assert.deepEqual(await gatewaysAt(at('10.0.0.1'), () => assert.fail('it was looked up')), [
      at('10.0.0.1'),
    ])
    const failing = async (): Promise<never> => Promise.reject(new Error('ENOTFOUND'))
    assert.deepEqual(await gatewaysAt(at('gateways.example'), failing), [at('gateways.example')])
  })

  test('are bounded', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `10.0.0.${index}`)
    assert.equal(
      (await gatewaysAt(at('gateways.example'), async () => many)).length,
      limits.gatewaysOfNameMax,
    )
  })
})
