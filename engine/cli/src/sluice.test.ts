import { test } from 'node:test'
import assert from 'node:assert/strict'
import { nobody, ran, scratchFolder } from './scripted.ts'

const overview = (await ran(['help'])).out
const commands = Array.from(overview.matchAll(/^ {2}(\w+) {2}/gm), ([, name = '']) => name)

test('without a command, the overview and the code of wrong usage', async () => {
  const { code, out } = await ran([])
  assert.equal(code, 2)
  assert.equal(out, overview)
  for (const name of ['serve', 'sessions', 'doctor']) assert.ok(commands.includes(name))
})

test('help is no error', async () => {
  for (const word of ['help', '--help', '-h']) assert.equal((await ran([word])).code, 0)
  for (const name of commands) {
    const { code, out, error } = await ran([name, '--help'])
    assert.deepEqual([code, error], [0, ''])
    assert.match(out, new RegExp(`^sluice ${name}`))
  }
})

test('what the help of a command names, that command knows', async () => {
  using data = scratchFolder()
  const env = { SLUICE_DATA: data.path, SLUICE_URL: nobody, SLUICE_TOKEN: 'slu_x', HOME: data.path }
  for (const name of commands) {
    const { out } = await ran([name, '--help'])
    const lines = out.split('\n').filter((line) => line.startsWith('sluice '))
    const subcommands = lines.flatMap((line) => /^sluice \w+ ([a-z][a-z-]*)/.exec(line)?.slice(1) ?? [])
    const firsts: readonly (readonly string[])[] =
      subcommands.length === 0 ? [[]] : [...new Set(subcommands)].map((each) => [each])
    for (const option of new Set(Array.from(out.matchAll(/--[a-z][a-z-]*/g), ([found]) => found))) {
      // Whatever else is wrong with it: one of its subcommands takes the option.
      const answers = await Promise.all(firsts.map((first) => ran([name, ...first, option], env)))
      const strange = answers.filter(({ error }) => error.includes(`Unknown option '${option}'`))
      assert.ok(strange.length < answers.length, `${name} ${option}: ${strange[0]?.error}`)
    }
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
