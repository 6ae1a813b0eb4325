import { test } from 'node:test'
import assert from 'node:assert/strict'
import { screen } from './screen.ts'

const demo = {
  gateway: {
    api: { host: '127.0.0.1', port: 7400 },
    postgres: { host: '127.0.0.1', port: 7432 },
    http: { host: '127.0.0.1', port: 7480 },
    agents: null,
    ssh: { host: '127.0.0.1', port: 7422 },
    prometheus: null,
    log: '/home/me/sluice/.sluice/log',
    revision: 'r',
    lost: new Promise<void>(() => {}),
    close: async () => {},
  },
  policies: '/home/me/sluice/policies/starter',
  postgresLog: '/home/me/sluice/.sluice/postgres.log',
  password: 'of-this-start',
  llmLog: '/home/me/sluice/.sluice/shop-llm.log',
}
const cwd = '/home/me/sluice'

test('it says where things are, what to try, and how to stop', () => {
  const text = screen(demo, { cwd, env: {} })
  for (const part of [
    'http://127.0.0.1:7400',
    'postgresql://any@127.0.0.1:7432/shop',
    'ssh -p 7422 shop-host@127.0.0.1 ls',
    ' policies/starter ',
    ' .sluice/log',
    ' .sluice/postgres.log',
    'langchain-reporting, alice, bob, carol, dave, erin',
    '  PGPASSWORD=$(npx sluice token) psql "postgresql://any@127.0.0.1:7432/shop"',
    '  npx sluice approvals ls   what waits for bob or carol, e.g. delete from orders where id = 1\n',
    'http://127.0.0.1:7480/shop-api',
    'http://127.0.0.1:7480/shop-llm/v1',
    ' .sluice/shop-llm.log',
    'http://127.0.0.1:7400   sign in as bob, password of-this-start',
    'npx sluice login',
    '  npx sluice audit tail -f',
    'Ctrl-C',
  ])
    assert.ok(text.includes(part), `${part} in\n${text}`)
  assert.ok(text.split('\n').length < 25, 'it fits on a screen')
})

test('with another data folder, the commands are shown so that they find it', () => {
  const text = screen(demo, { cwd: '/elsewhere', env: { SLUICE_DATA: '/srv/data' } })
  assert.ok(text.includes('SLUICE_DATA=/srv/data npx sluice audit tail -f'))
  assert.ok(text.includes('SLUICE_DATA=/srv/data npm run example'))
  assert.ok(text.includes(' /home/me/sluice/policies/starter '), 'a far path is shown whole')
})

test('without HTTP nothing is promised of it', () => {
  const text = screen({ ...demo, gateway: { ...demo.gateway, http: null } }, { cwd, env: {} })
  assert.doesNotMatch(text, /curl|shop-api|shop-llm/)
})

test('without PostgreSQL nothing is promised of it', () => {
  const text = screen({ ...demo, gateway: { ...demo.gateway, postgres: null } }, { cwd, env: {} })
  assert.doesNotMatch(text, /psql|postgresql:|approvals/)
})

test('without SSH nothing is promised of it', () => {
  const text = screen({ ...demo, gateway: { ...demo.gateway, ssh: null } }, { cwd, env: {} })
  assert.doesNotMatch(text, /shop-host/)
})
