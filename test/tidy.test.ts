import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** House rules that no linter knows. Each message says what to do instead. */

const root = fileURLToPath(new URL('..', import.meta.url))
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '')
const sources = files.filter((file) => /\.(ts|tsx|mts|mjs|js)$/.test(file) && !file.includes('/generated/'))

function text(file: string): string {
  return readFileSync(`${root}${file}`, 'utf8')
}

function offenders(of: readonly string[], pattern: RegExp): readonly string[] {
  return of.flatMap((file) =>
    text(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
  )
}

function none(found: readonly string[], instead: string): void {
  assert.equal(found.length, 0, `${instead}\n${found.join('\n')}`)
}

const topLevel = ['engine', 'adapters', 'policies', 'schemas', 'infra', 'test', '.ci']

test('the top-level folders are fixed', () => {
  const folders = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0] ?? ''))
  none(
    [...folders].filter((folder) => !topLevel.includes(folder)),
    'put it under one of the fixed folders',
  )
})

test('no drawers: a file or folder is named by the idea in it', () => {
  const drawer = /^(utils?|helpers?|common|misc|shared|lib|tools)(\.|$)/
  const found = files.filter((file) => {
    if (file.startsWith('policies/lib/')) return false
    return file.split('/').some((part) => drawer.test(part))
  })
  none(found, 'name the concept and keep it beside its only user')
})

test('no leftovers', () => {
  none(
    offenders(sources, new RegExp(['TO', 'DO|FIX', 'ME|XX', 'X\\b'].join(''))),
    'do it now, or write it in a decision record or the adapter README',
  )
  none(offenders(sources, /\bdebugger\b|\.only\(/), 'remove it before it lands')
})

test('no type is silenced', () => {
  none(
    offenders(
      sources,
      new RegExp(['@ts-', '(ignore|expect-error|nocheck)|(es|ox)lint', '-disable'].join('')),
    ),
    'fix the cause: parse at the border, type inside',
  )
  none(
    offenders(
      sources.filter((file) => /\.tsx?$/.test(file) && !file.startsWith('test/')),
      /(:|<|\bas) any\b(?!thing)/,
    ),
    'use unknown and a schema',
  )
})

test('the core depends on nothing, adapters on core and masking only', () => {
  const imports = (folder: string): readonly string[] =>
    offenders(
      sources.filter((file) => file.startsWith(folder) && !file.includes('.test.')),
      /from '@sluice\//,
    )
  none(imports('engine/core/'), 'the core has no dependency')
  const foreign = imports('adapters/').filter((line) => !/'@sluice\/(core|masking)'/.test(line))
  none(foreign, 'an adapter translates; what it needs of the engine comes through its Session')
})

const clockOwners =
  /^(engine\/core\/src\/system\.ts|engine\/console\/src\/clock\.ts|engine\/cli\/|infra\/|test\/|policies\/)/

test('time and randomness come through ports', () => {
  const pure = sources.filter(
    (file) => /^(engine|adapters)\//.test(file) && !file.includes('.test.') && !clockOwners.test(file),
  )
  none(offenders(pure, /\bDate\.now\(|new Date\(\)|Math\.random\(/), 'take a Clock or Ids port')
})

test('only the command line reads the environment', () => {
  const inner = sources.filter(
    (file) =>
      /^(engine|adapters)\//.test(file) && !file.startsWith('engine/cli/') && !file.includes('.test.'),
  )
  none(offenders(inner, /process\.env/), 'pass it in from engine/cli')
})

const linesMax = 350

test('files stay readable', () => {
  const tables = /(\.test\.ts|functions\.ts|messages\.ts|\/cases|\/catalogue\/)/
  const long = sources
    .filter((file) => !tables.test(file))
    .map((file) => [file, text(file).split('\n').length] as const)
    .filter(([, lines]) => lines > linesMax)
    .map(([file, lines]) => `${file}: ${lines} lines`)
  none(long, `split by idea: more than ${linesMax} lines is only for tables`)
})

test('every adapter has the same files', () => {
  const siblings = ['index', 'listen', 'normalise', 'upstream', 'mask', 'refuse', 'target']
  const adapters = new Set(
    files.filter((file) => file.startsWith('adapters/')).map((file) => file.split('/')[1] ?? ''),
  )
  const missing = [...adapters].flatMap((adapter) =>
    siblings.map((name) => `adapters/${adapter}/src/${name}.ts`).filter((file) => !files.includes(file)),
  )
  none(missing, 'the folders are siblings: same idea, same file name')
})

test('tests stand beside what they test', () => {
  const orphans = files.filter((file) => {
    if (!/^(engine|adapters)\/.*\.test\.ts$/.test(file)) return false
    const folder = dirname(file)
    const subject = basename(file, '.test.ts')
    return !files.includes(`${folder}/${subject}.ts`)
  })
  none(orphans, 'name it after its neighbour')
})

test('nothing secret, local or of the workshop is checked in', () => {
  const prose = files.filter(
    (file) => /\.(ts|mjs|md|rego|ya?ml|json|sh|go)$/.test(file) && !file.startsWith('test/tidy'),
  )
  none(offenders(prose, /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*$/), 'generate keys when they are needed')
  none(offenders(prose, /\/(root|home\/\w+|work)\/(main|shared|\.)/), 'no paths of one machine')
})

test('the README of every adapter says what it does not do', () => {
  const readmes = files.filter((file) => /^adapters\/[^/]+\/README\.md$/.test(file))
  assert.ok(readmes.length > 0)
  none(
    readmes.filter((file) => !/## Known gaps/.test(text(file))),
    'add "## Known gaps"',
  )
})
