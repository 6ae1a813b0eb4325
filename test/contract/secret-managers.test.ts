import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { systemClock } from '@sluice/core'
import {
  openManagers,
  SecretError,
  secretSource,
  type ManagersConfig,
  type SecretSource,
} from '@sluice/identity'
import { withoutOpenBao } from '../src/index.ts'
import { aws } from './managers/aws.ts'
import { azure } from './managers/azure.ts'
import { gcp } from './managers/gcp.ts'
import { served, type Keeper } from './managers/keeper.ts'
import { vault } from './managers/vault.ts'

/** What every manager of secrets does, whoever it is and however this gateway shows who it is. */

const canary = 'canary-of-the-contract'
const missing = await withoutOpenBao()

const keepers: Readonly<Record<string, () => Promise<Keeper>>> = {
  'vault by token': () => vault('token'),
  'vault by approle': () => vault('approle'),
  'vault by kubernetes': () => vault('kubernetes'),
  'aws by keys': () => aws('keys'),
  'aws by web identity': () => aws('web_identity'),
  'aws by container': () => aws('container'),
  'aws by instance': () => aws('instance'),
  'gcp by metadata': () => gcp('metadata'),
  'gcp by key': () => gcp('key'),
  'azure by managed identity': () => azure('managed_identity'),
  'azure by client secret': () => azure('client_secret'),
  'azure by workload identity': () => azure('workload_identity'),
}

function sourceOf(config: ManagersConfig): SecretSource {
  return secretSource({ base: '/', env: {}, managers: openManagers(config, systemClock), clock: systemClock })
}

/** Whatever is printed of it, and of what caused it. */
function tellsNothing(error: unknown, named: RegExp): boolean {
  assert.ok(error instanceof SecretError)
  assert.match(error.message, named)
  assert.ok(!inspect(error, { depth: 20 }).includes(canary), inspect(error, { depth: 20 }))
  return true
}

for (const [name, open] of Object.entries(keepers))
  suite(
    `secrets kept by ${name}`,
    { skip: name.startsWith('vault') && missing !== null ? missing : false },
    () => {
      let keeper: Keeper
      let source: SecretSource
      before(async () => {
        keeper = await open()
        source = sourceOf(keeper.config)
      })
      after(async () => {
        await source?.close()
        await keeper?.[Symbol.asyncDispose]()
      })
      const text = async (name: string, field?: string): Promise<string> =>
        (await source.read(keeper.reference(name, field))).value

      test('are a text, or a field of one', async () => {
        await keeper.put('plain', `${canary} ü`)
        await keeper.put('fields', JSON.stringify({ username: 'app', password: canary, port: 5432 }))
        assert.equal(await text('plain'), `${canary} ü`)
        assert.equal(await text('fields', 'password'), canary)
        const { value } = await source.login(loginOf(keeper, 'fields'))
        assert.deepEqual(value, { user: 'app', password: canary })
      })

      test('that are not there, or have no such field, are named', async () => {
        await assert.rejects(text('nothing'), (error) =>
          tellsNothing(error, /nothing.* cannot be read: .*no|nothing there/),
        )
        await assert.rejects(text('fields', 'pasword'), (error) =>
          tellsNothing(error, /has no text in a field "pasword"/),
        )
        await assert.rejects(text('fields', 'port'), (error) =>
          tellsNothing(error, /has no text in a field "port"/),
        )
      })

      test('are kept for a while, and read anew for whoever was refused with one', async () => {
        await keeper.put('rotated', 'old')
        assert.equal(await text('rotated'), 'old')
        await keeper.put('rotated', 'new')
        assert.equal(await text('rotated'), 'old')
        assert.equal((await source.read(keeper.reference('rotated'), 'anew')).value, 'new')
        assert.equal(await text('rotated'), 'new')
      })

      test('are asked for once by several at a time', async () => {
        await keeper.put('busy', JSON.stringify({ a: 'x', b: 'y' }))
        const asked = keeper.asked()
        const found = await Promise.all(
          Array.from({ length: 20 }, (_, at) => text('busy', at % 2 === 0 ? 'a' : 'b')),
        )
        assert.deepEqual(new Set(found), new Set(['x', 'y']))
        if (asked !== null) assert.equal(keeper.asked(), asked + 1)
      })

      test('are had when what this gateway showed is no longer worth anything', async () => {
        await keeper.put('later', 'still')
        await keeper.forgetLogins()
        assert.equal((await source.read(keeper.reference('later'), 'anew')).value, 'still')
      })
    },
  )

suite('a manager that answers with anything', () => {
  const answers: readonly (readonly [number, string])[] = [
    [200, `<html>${canary}</html>`],
    [200, JSON.stringify({ canary })],
    [200, JSON.stringify([canary])],
    [302, canary],
    [400, JSON.stringify({ __type: `${canary} is wrong`, errors: [canary], error: canary })],
    [500, canary],
    [200, canary.repeat(20_000)],
  ]
  const url = new URL('http://127.0.0.1:9')
  const configs = (at: URL): Readonly<Record<string, ManagersConfig>> => ({
    vault: {
      vault: {
        url: at,
        namespace: null,
        ca: undefined,
        auth: { kind: 'token', token: () => Promise.resolve(canary) },
      },
    },
    aws: {
      aws: {
        region: 'eu-central-1',
        endpoint: at,
        identity: {
          kind: 'keys',
          keys: () => Promise.resolve({ accessKeyId: 'a', secretAccessKey: canary }),
        },
      },
    },
    gcp: { gcp: { endpoint: at, project: 'p', key: null, metadata: at } },
    azure: { azure: { vault: at, auth: { kind: 'managed_identity', clientId: null, metadata: at } } },
  })
  const reference = (name: string): never => ({ [name]: 'shop' }) as never

  for (const name of Object.keys(configs(url))) {
    test(`is believed nothing, and not repeated: ${name}`, async () => {
      let now: readonly [number, string] = [500, '']
      await using server = await served(() => ({ status: now[0], body: now[1] }))
      const source = sourceOf(configs(new URL(server.url))[name] ?? {})
      for (now of answers)
        await assert.rejects(source.login(reference(name)), (error) =>
          tellsNothing(error, new RegExp(`^${name} shop (cannot be read: |has no text in a field)`)),
        )
      await source.close()
    })

    test(`is named where it does not answer: ${name}`, async () => {
      const source = sourceOf(configs(url)[name] ?? {})
      await assert.rejects(source.read(reference(name)), (error) =>
        tellsNothing(
          error,
          new RegExp(`^${name} shop cannot be read: http://127\\.0\\.0\\.1:9 cannot be reached`),
        ),
      )
      await source.close()
    })
  }
})

/** The same without a field: it holds both. */
function loginOf(keeper: Keeper, name: string): ReturnType<Keeper['reference']> {
  const fields = Object.entries<string>(keeper.reference(name)).map(([manager, path]) => [
    manager,
    path.replace(/#.*/, ''),
  ])
  return Object.fromEntries(fields) as ReturnType<Keeper['reference']>
}
