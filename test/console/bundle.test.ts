import { test } from 'node:test'
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

/** The console as it is sent. `infra/build-console.mjs` built it before the suites. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const dist = `${root}engine/console/dist/`
const files = globSync('**/*.*', { cwd: dist })
const gzipBytesMax = 350 * 1_024

test('the whole console is small', () => {
  assert.ok(files.includes('index.html'), 'npm run build:console')
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(dist + file)).length, 0)
  assert.ok(bytes < gzipBytesMax, `${bytes} bytes`)
})

test('the page has no inline code, and nothing from elsewhere', () => {
  const page = readFileSync(`${dist}index.html`, 'utf8')
  assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)|\son\w+=|<style|\sstyle=|javascript:/i)
  for (const [, address = ''] of page.matchAll(/(?:src|href)="([^"]*)"/g))
    assert.match(address, /^\/assets\/[\w-]+\.\w+$/)
})

test('no source writes markup: texts of strangers are texts', () => {
  const sources = globSync('engine/console/src/**/*.{ts,tsx}', { cwd: root }).filter(
    (file) => !file.includes('.test.'),
  )
  assert.ok(sources.length > 30)
  const markup =
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|eval\(|new Function/
  const found = sources.filter((file) => markup.test(readFileSync(root + file, 'utf8')))
  assert.deepEqual(found, [])
})
