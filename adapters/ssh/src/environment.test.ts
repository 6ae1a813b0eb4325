import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { Environment } from './environment.ts'

suite('variables of a caller', () => {
  test('C9 what changes what runs is not taken, whatever the settings name', () => {
    const environment = new Environment(['PATH', 'LD_*', 'B*', 'H*', 'G*', 'P*', 'N*', 'DEPLOY_*'])
    for (const name of [
      'PATH',
      'LD_PRELOAD',
      'BASH_ENV',
      'BASH_FUNC_ls%%',
      'BASHOPTS',
      'HOME',
      'GIT_SSH_COMMAND',
      'PYTHONSTARTUP',
      'PERL5OPT',
      'POSIXLY_CORRECT',
      'PAGER',
      'NODE_OPTIONS',
    ])
      assert.equal(environment.set(name, 'x'), false, name)
    assert.equal(environment.set('DEPLOY_ID', '7'), true)
    assert.equal(environment.set('GITHUB_SHA', '7'), true)
    assert.equal(environment.set('NODE_ENV', 'test'), true)
    assert.deepEqual(environment.variables, { DEPLOY_ID: '7', GITHUB_SHA: '7', NODE_ENV: 'test' })
  })
})
