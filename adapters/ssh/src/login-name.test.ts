import { test } from 'node:test'
import assert from 'node:assert/strict'
import { loginNameOf } from './login-name.ts'

const names: readonly (readonly [user: string, login: string | null, target: string])[] = [
  ['shop-host', null, 'shop-host'],
  ['deploy+shop-host', 'deploy', 'shop-host'],
  ['_app.x-1+Shop.host_2', '_app.x-1', 'Shop.host_2'],
]
for (const [user, login, target] of names)
  test(`${user} names the target ${target}`, () => assert.deepEqual(loginNameOf(user), { login, target }))

const strange = [
  '',
  '+',
  '+host',
  'root+',
  'alice%root',
  '-oProxyCommand=x',
  '-oProxyCommand=x+host',
  'a b+host',
  'a+b+host',
  'host\0',
  'host\n',
  'root\0+host',
  '$(id)+host',
  '../host',
  'höst',
  `${'a'.repeat(33)}+host`,
  'h'.repeat(129),
]
for (const user of strange)
  test(`${JSON.stringify(user.slice(0, 40))} names nothing`, () => assert.equal(loginNameOf(user), null))
