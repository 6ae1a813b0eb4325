import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { ShellOracle, type Ran } from './shell-oracle.ts'
import fc from 'fast-check'
import { parseCommandLine, type CommandLine } from '../../adapters/ssh/src/command-line.ts'

/**
 * What is said of a command line is what real shells do with it: of every line that is not opaque, bash and dash run the
 * programs that were named, with these arguments, and no others.
 */

const cases = Number(process.env['SLUICE_SHELL_CASES'] ?? 60)
const seed = Number(process.env['SLUICE_FUZZ_SEED'] ?? 1)

const recorded = ['alpha', 'beta', 'gamma', 'a', 'b', 'ab', '1', '-']
const real = ['sh', 'bash', 'env', 'nohup', 'timeout', 'nice', 'stdbuf', 'setsid']
const oracle = new ShellOracle(recorded, real)
after(() => oracle[Symbol.dispose]())

/** Words in all the ways in which a shell lets one write them. */
const plain = fc.stringMatching(/^[a-z0-9_./:,@+-]{1,8}$/)
const single = fc.stringMatching(/^[ -&(-~éß\n\t]{0,8}$/).map((text) => `'${text}'`)
const double = fc.stringMatching(/^(?:[ !#%-[\]-_a-~é\n]|\\["\\$`a-z]){0,8}$/).map((text) => `"${text}"`)
const escaped = fc.stringMatching(/^\\[ -~]$/)
const word = fc
  .array(fc.oneof(plain, single, double, escaped), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(''))
const wrapped = fc.constantFrom(
  '',
  '',
  '',
  'env ',
  'nohup ',
  'timeout 5 ',
  'timeout -s KILL 5s ',
  'nice -n 5 ',
  'command ',
  'exec ',
  'stdbuf -oL ',
  'env -- ',
)
const redirected = fc.constantFrom(
  '',
  '',
  '',
  ' > out',
  ' >>out2',
  ' 2>&1',
  ' 2> err',
  ' >| out',
  ' <&0',
  ' > /dev/null',
  " > 'o u t'",
)
const simple = fc
  .tuple(
    wrapped,
    fc.constantFrom('alpha', 'beta', 'gamma', "'alpha'", 'al"pha"', 'b\\eta'),
    fc.array(word, { maxLength: 4 }),
    redirected,
  )
  .map(([wrapper, name, words, redirect]) => `${wrapper}${[name, ...words].join(' ')}${redirect}`)
const joined = fc
  .array(fc.tuple(simple, fc.constantFrom(' ; ', ' && ', ' | ', '|', ';', '\n', ' & ', '&&')), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) =>
    parts.map(([command, operator], at) => command + (at === parts.length - 1 ? '' : operator)).join(''),
  )
const grouped = fc.oneof(
  joined,
  fc.tuple(joined, joined).map(([one, other]) => `(${one}) > out3; ${other}`),
)
const quoted = (script: string): string => `'${script.replaceAll("'", `'\\''`)}'`
const line = fc.oneof(
  { weight: 4, arbitrary: grouped },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('sh', 'bash'), grouped)
      .map(([shell, script]) => `${shell} -c ${quoted(script)}`),
  },
)

/** Whatever: tokens of the grammar in any order. */
const tokens = [
  'alpha',
  'beta',
  'a',
  'b',
  '1',
  '2',
  ' ',
  ' ',
  ' ',
  ';',
  '&',
  '|',
  '(',
  ')',
  '{',
  '}',
  '<',
  '>',
  '$',
  '`',
  "'",
  '"',
  '\\',
  '\n',
  '#',
  '!',
  '~',
  '=',
  '*',
  '?',
  '[',
  ']',
  '-',
  ',',
  ':',
  '%',
  '^',
  '\t',
  '\r',
  'é',
  'A=',
  'if ',
  'sh -c ',
  'env ',
  '>&',
  '1>',
  '2>',
  '&>',
  '/',
  '.',
  '+',
  '@',
  'function ',
  'time ',
  '! ',
  'in ',
  'do ',
  '\u00a0',
  '\u0000',
]
const soup = fc
  .array(fc.constantFrom(...tokens), { minLength: 1, maxLength: 9 })
  .map((parts) => parts.join(''))

function predicted({ programs }: CommandLine): readonly (readonly string[])[] {
  return programs
    .map(({ name, arguments: args }) => [name, ...args])
    .filter(([name = '']) => recorded.includes(name))
}

function sorted(programs: readonly (readonly string[])[]): readonly string[] {
  return programs.map((program) => JSON.stringify(program)).toSorted()
}

/** Nothing ran, and no file was made, that was not told. */
function requireTold(text: string, told: CommandLine, { programs, files }: Ran): void {
  const left = [...sorted(predicted(told))]
  for (const program of sorted(programs)) {
    const at = left.indexOf(program)
    assert.ok(at >= 0, `${JSON.stringify(text)} ran ${program}, told ${JSON.stringify(predicted(told))}`)
    left.splice(at, 1)
  }
  const written = told.paths.filter(({ access }) => access === 'write').map(({ path }) => path)
  for (const file of files)
    assert.ok(
      written.includes(file === '~' ? '~' : `~/${file}`),
      `${JSON.stringify(text)} made ${file}, told ${written.join()}`,
    )
}

suite('command lines in real shells', () => {
  test('written in all ways: what runs is what was told, exactly', () => {
    let clear = 0
    fc.assert(
      fc.property(line, (text) => {
        const told = parseCommandLine(text)
        if (told.opaque.length > 0) return
        clear++
        for (const shell of ['bash', 'dash'] as const) {
          const ran = oracle.run(shell, text)
          requireTold(text, told, ran)
          // After `exec` the shell is no more, and what stands behind it does not run.
          if (text.includes('exec ')) continue
          assert.deepEqual(sorted(ran.programs), sorted(predicted(told)), `${shell} ${JSON.stringify(text)}`)
        }
      }),
      { numRuns: cases, seed },
    )
    assert.ok(clear > cases / 2, `only ${clear} of ${cases} lines were clear`)
  })

  test('tokens in any order: nothing runs that was not told', () => {
    let clear = 0
    fc.assert(
      fc.property(soup, (text) => {
        const told = parseCommandLine(text)
        if (told.opaque.length > 0) return
        clear++
        // What a pattern becomes depends on the files.
        if (told.paths.some(({ pattern }) => pattern)) return
        for (const shell of ['bash', 'dash'] as const) requireTold(text, told, oracle.run(shell, text))
      }),
      { numRuns: cases * 10, seed },
    )
    assert.ok(clear > cases / 10, `only ${clear} lines were clear`)
  })

  test('whatever comes, it is answered, and soon', () => {
    const bytes = fc.string({ unit: 'binary', maxLength: 200 })
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          soup,
          fc.array(soup, { maxLength: 200 }).map((parts) => parts.join('')),
        ),
        (text) => {
          const begun = performance.now()
          const told = parseCommandLine(text)
          assert.ok(performance.now() - begun < 500, `too slow: ${JSON.stringify(text)}`)
          assert.ok(told.opaque.length > 0 || told.programs.length + told.paths.length >= 0)
        },
      ),
      { numRuns: cases * 50, seed },
    )
  })
})
