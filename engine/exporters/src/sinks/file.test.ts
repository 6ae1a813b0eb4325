import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parcel, scratchFolder } from '../scripted.ts'
import type { Sink } from '../sink.ts'
import { file, type FileOptions } from './file.ts'

const never = new AbortController().signal

function to(path: string, change: Partial<FileOptions> = {}): Sink {
  const clock = { now: () => 1_800_000_000_000 }
  return file({
    path,
    rotateBytes: 1_000_000,
    rotateMs: null,
    gzip: false,
    clock,
    report: assert.fail,
    ...change,
  })
}

/** All that was ever put into it, oldest first. */
function allOf(path: string): string {
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.`))
  const asides = names.toSorted().map((name) => {
    const bytes = readFileSync(join(dirname(path), name))
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  })
  return `${asides.join('')}${readFileSync(path, 'utf8')}`
}

suite('a file', () => {
  test('has a line for each document, and is nobody else’s to read', async () => {
    using folder = scratchFolder()
    const path = join(folder.path, 'audit.jsonl')
    const sink = to(path)
    assert.deepEqual(
      await sink.deliver([parcel({ text: '{"a":1}' }), parcel({ kind: 'line', text: 'CEF:0|x' })], never),
      { kind: 'delivered' },
    )
    await sink.close()
    const again = to(path)
    await again.deliver([parcel({ text: '{"b":2}' })], never)
    await again.close()
    assert.equal(readFileSync(path, 'utf8'), '{"a":1}\nCEF:0|x\n{"b":2}\n')
    assert.equal(statSync(path).mode & 0o077, 0)
  })

  test('that a crash left with half a line goes on after the last whole one', async () => {
    using folder = scratchFolder()
    const path = join(folder.path, 'audit.jsonl')
    for (const [left, kept] of [
      ['{"a":1}\n{"half', '{"a":1}\n'],
      [`{"a":1}\n${'x'.repeat(200_000)}`, '{"a":1}\n'],
      ['no line at all', ''],
    ] as const) {
      writeFileSync(path, left)
      const sink = to(path)
      await sink.deliver([parcel({ text: '{"b":2}' })], never)
      await sink.close()
      assert.equal(readFileSync(path, 'utf8'), `${kept}{"b":2}\n`)
    }
  })

  test('that cannot be written is tried again later', async () => {
    using folder = scratchFolder()
    const sink = to(join(folder.path, 'missing', 'audit.jsonl'))
    assert.deepEqual(await sink.deliver([parcel()], never), {
      kind: 'failed',
      reason: 'it could not be written: ENOENT',
      afterMs: 0,
    })
    await sink.close()
  })

  test('that somebody else moved away is made anew', async () => {
    using folder = scratchFolder()
    const path = join(folder.path, 'audit.jsonl')
    const sink = to(path)
    await sink.deliver([parcel({ text: '1' })], never)
    renameSync(path, join(folder.path, 'moved'))
    await sink.deliver([parcel({ text: '2' })], never)
    await sink.close()
    assert.equal(readFileSync(path, 'utf8'), '2\n')
  })
})

suite('rotation', () => {
  test('by size loses nothing and cuts no line', async () => {
    using folder = scratchFolder()
    const path = join(folder.path, 'audit.jsonl')
    const sink = to(path, { rotateBytes: 100 })
    let expected = ''
    for (let number = 0; number < 30; number++) {
      const text = JSON.stringify({ number })
      expected += `${text}\n`
      await sink.deliver([parcel({ text })], never)
    }
    await sink.close()
    assert.equal(allOf(path).split('\n').toSorted().join('\n'), expected.split('\n').toSorted().join('\n'))
    const names = readdirSync(folder.path)
    assert.ok(names.length >= 4, String(names))
    assert.ok(names.includes('audit.jsonl.20270115T080000000Z'), String(names))
    for (const name of names) assert.ok(readFileSync(join(folder.path, name), 'utf8').endsWith('\n'))
  })

  test('by age begins a file in time, but none for nothing', async () => {
    using folder = scratchFolder()
    const path = join(folder.path, 'audit.jsonl')
    let now = 1_800_000_000_000
    const sink = to(path, { rotateMs: 60_000, clock: { now: () => now } })
    for (const [later, text] of [
      [0, '1'],
      [59_000, '2'],
      [2_000, '3'],
      [200_000, '4'],
    ] as const) {
      now += later
      await sink.deliver([parcel({ text })], never)
    }
    await sink.close()
    const names = readdirSync(folder.path).toSorted()
    assert.deepEqual(
      names.map((name) => readFileSync(join(folder.path, name), 'utf8')),
      ['4\n', '1\n2\n', '3\n'],
    )
  })

  test('compresses what was put aside, also what a crash left of it', async () => {
    using folder = scratchFolder()
    const path = join(folder.path, 'audit.jsonl')
    writeFileSync(`${path}.20270101T000000000Z`, 'old\n')
    writeFileSync(`${path}.20270101T000000000Z.gz.new`, 'half')
    appendFileSync(`${path}.bak`, 'not ours\n')
    const sink = to(path, { rotateBytes: 3, gzip: true })
    for (const text of ['one', 'two', 'three']) await sink.deliver([parcel({ text })], never)
    await sink.close()
    const names = readdirSync(folder.path).toSorted()
    assert.deepEqual(names, [
      'audit.jsonl',
      'audit.jsonl.20270101T000000000Z.gz',
      'audit.jsonl.20270115T080000000Z-1.gz',
      'audit.jsonl.20270115T080000000Z.gz',
      'audit.jsonl.bak',
    ])
    const unpacked = names
      .filter((name) => name.endsWith('.gz'))
      .map((name) => gunzipSync(readFileSync(join(folder.path, name))).toString())
    assert.deepEqual(unpacked.toSorted(), ['old\n', 'one\n', 'two\n'])
    assert.equal(existsSync(path), true)
  })
})
