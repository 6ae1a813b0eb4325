import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '@sluice/core'
import { PolicyError } from './diagnostic.ts'
import { readFolder } from './folder.ts'
import { writtenFolder, type WrittenFolder } from './written-folder.ts'

test('policies, tables and documents are read, everything else is left alone', async () => {
  using folder = writtenFolder({
    'b.rego': 'package b',
    'a/a.rego': 'package a',
    'a/a_test.rego': 'package a_test',
    'a/a.cases.yaml': 'cases: []',
    'data.json': '{"roles":{"dba":["reader"]}}',
    'README.md': 'nothing',
    'settings.yaml': 'a: 1',
    '.git/x.rego': 'no policy',
    'a/.a.rego.swp': 'no policy',
  })
  assert.deepEqual(await readFolder(folder.path), {
    files: { 'a/a.rego': 'package a', 'a/a_test.rego': 'package a_test', 'b.rego': 'package b' },
    cases: { 'a/a.cases.yaml': 'cases: []' },
    data: { roles: { dba: ['reader'] } },
  })
})

test('a folder as Kubernetes mounts it', async () => {
  using folder = writtenFolder({ '..2026/a.rego': 'package a' })
  symlinkSync('..2026', join(folder.path, '..data'))
  symlinkSync('..data/a.rego', join(folder.path, 'a.rego'))
  assert.deepEqual((await readFolder(folder.path)).files, { 'a.rego': 'package a' })
})

test('of two equal keys in data.json the last one counts, for every reader alike', async () => {
  using folder = writtenFolder({ 'a.rego': 'package a', 'data.json': '{"a":1,"a":2,"__proto__":{"b":3}}' })
  const { data } = await readFolder(folder.path)
  assert.equal(JSON.stringify(data), '{"a":2,"__proto__":{"b":3}}')
  assert.equal(data['b'], undefined)
})

const unusable: readonly (readonly [
  what: string,
  files: Readonly<Record<string, string>>,
  problem: RegExp,
])[] = [
  ['no policy', { 'data.json': '{}' }, /there is no \.rego file/],
  [
    'a policy where the library is',
    { 'sluice/decision.rego': 'package a' },
    /^sluice\/decision\.rego: .*library/,
  ],
  ['a document that is no JSON', { 'a.rego': 'package a', 'data.json': '{' }, /^data\.json: /],
  [
    'a document that is a list',
    { 'a.rego': 'package a', 'data.json': '[]' },
    /^data\.json: it must hold an object/,
  ],
  [
    'a document in the place of the rules',
    { 'a.rego': 'package a', 'data.json': '{"sluice":{}}' },
    /`sluice` is not/,
  ],
  [
    'documents below',
    { 'a.rego': 'package a', 'b/data.json': '{}' },
    /^b\/data\.json: base documents belong/,
  ],
]
for (const [what, files, problem] of unusable)
  test(`unusable: ${what}`, async () => {
    using folder = writtenFolder(files)
    await assert.rejects(readFolder(folder.path), thrown(problem))
  })

test('unusable: a file that is not UTF-8', async () => {
  using folder = writtenFolder({ 'a.rego': 'package a' })
  writeFileSync(join(folder.path, 'b.rego'), Buffer.from('package b # gr\xfcn', 'latin1'))
  await assert.rejects(readFolder(folder.path), thrown(/^b\.rego: the file is not UTF-8/))
})

test('unusable: more than the compiler is given', async () => {
  using folder = writtenFolder({ 'a.rego': 'package a' })
  fill(folder, limits.policyFolderBytesMax)
  await assert.rejects(readFolder(folder.path), thrown(/too large/))
})

test('unusable: a folder that is not there, or no folder', async () => {
  using folder = writtenFolder({ 'a.rego': 'package a' })
  await assert.rejects(readFolder(join(folder.path, 'missing')), thrown(/cannot be read/))
  await assert.rejects(readFolder(join(folder.path, 'a.rego')), thrown(/cannot be read/))
})

test('a folder named like a policy is no policy', async () => {
  using folder = writtenFolder({ 'a.rego': 'package a' })
  mkdirSync(join(folder.path, 'b.rego'))
  assert.deepEqual(Object.keys((await readFolder(folder.path)).files), ['a.rego'])
})

function thrown(problem: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof PolicyError && problem.test(error.message)
}

function fill(folder: WrittenFolder, bytes: number): void {
  folder.write({ 'large.rego': `package large\n# ${'x'.repeat(bytes)}` })
}
