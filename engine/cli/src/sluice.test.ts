import { test } from 'node:test'
import assert from 'node:assert/strict'
import { nobody, ran } from './scripted.ts'

const commands = ['serve', 'token', 'targets', 'policy', 'audit', 'doctor']

test('without a command, the overview and the code of wrong usage', async () => {
  const { code, out } = await ran([])
  assert.equal(code, 2)
  for (const name of commands) assert.match(out, new RegExp(`^  ${name} +\\S`, 'm'))
})

test('help is no error', async () => {
  for (const word of ['help', '--help', '-h']) assert.equal((await ran([word])).code, 0)
  for (const name of commands) {
    const { code, out, error } = await ran([name, '--help'])
    assert.deepEqual([code, error], [0, ''])
    assert.match(out, new RegExp(`^sluice ${name}`))
  }
})

test('an unknown command names the nearest one, if any is near', async () => {
  const near = await ran(['polcy'])
  assert.equal(near.code, 2)
  assert.match(near.error, /no command "polcy", did you mean "policy"\?/)
  const far = await ran(['xylophone'])
  assert.match(far.error, /no command "xylophone"\n/)
  assert.equal((await ran(['constructor'])).code, 2, 'a property of every object is no command')
})

test('wrong arguments show the usage of their command', async () => {
  const wrong = [
    ['token', '--ass', 'bob'],
    ['token', 'bob'],
    ['targets'],
    ['targets', 'rm'],
    ['audit', 'tale'],
    ['audit', 'tail', '--since', 'yesterday'],
    ['serve'],
    ['doctor', 'now'],
  ]
  for (const args of wrong) {
    const { code, error } = await ran(args, { SLUICE_URL: nobody, SLUICE_TOKEN: 'slu_x' })
    assert.equal(code, 2, args.join(' '))
    assert.match(error, new RegExp(`^sluice: .*\n\nsluice ${args[0]}`), args.join(' '))
  }
})

test('a file that is not there is named', async () => {
  const { code, error } = await ran(['serve', '--config', '/nowhere/sluice.yaml'])
  assert.deepEqual([code, error], [1, 'sluice: /nowhere/sluice.yaml does not exist\n'])
})
