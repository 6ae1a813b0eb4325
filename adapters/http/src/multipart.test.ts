import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Refused } from '@sluice/core'
import { partsOf } from './multipart.ts'
import { httpLimits } from './limits.ts'

const field = 'Content-Disposition: form-data; name="a"'

function body(...parts: readonly string[]): string {
  return `${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`
}

function refused(text: string, boundary: string | undefined): boolean {
  try {
    partsOf(Buffer.from(text, 'latin1'), boundary)
  } catch (error) {
    assert.ok(error instanceof Refused)
    return true
  }
  return false
}

test('H42: fields and files in their order, also where a name comes twice and a field behind a file', () => {
  const parts = partsOf(
    Buffer.from(
      body(
        `${field}\r\n\r\n1`,
        'content-disposition: form-data; name="f"; filename="ü.pdf"\r\nContent-Type: Application/PDF\r\n\r\n%PDF\r\n\r\n--',
        `${field}\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\n2`,
        `${field}\r\n\r\n`,
      ),
    ),
    'b',
  )
  assert.deepEqual(
    parts.map(({ name, filename, type, content }) => [name, filename, type, content.toString()]),
    [
      ['a', null, null, '1'],
      ['f', 'ü.pdf', 'application/pdf', '%PDF\r\n\r\n--'],
      ['a', null, 'text/plain', '2'],
      ['a', null, null, ''],
    ],
  )
})

/** What some parsers find parts in and others do not. */
const ambiguous: readonly (readonly [what: string, text: string])[] = [
  ['no parts', '--b--\r\n'],
  ['nothing', ''],
  ['a preamble', `x\r\n${body(`${field}\r\n\r\n1`)}`],
  ['an empty line before', `\r\n${body(`${field}\r\n\r\n1`)}`],
  ['an epilogue', `${body(`${field}\r\n\r\n1`)}x`],
  ['a second end', `${body(`${field}\r\n\r\n1`)}--b--\r\n`],
  ['no end', `--b\r\n${field}\r\n\r\n1\r\n`],
  ['a border after LF alone', body(`${field}\r\n\r\n1\n--b\r\n${field}\r\n\r\n2`)],
  ['a border after CR alone', body(`${field}\r\n\r\n1\r--b\r\n${field}\r\n\r\n2`)],
  ['a longer border', body(`${field}\r\n\r\n1\r\n--bb`)],
  ['a blank behind a border', `--b \r\n${field}\r\n\r\n1\r\n--b--\r\n`],
  ['lines that end with LF', body(`${field}\n\n1`)],
  ['no head', body('\r\n1')],
  ['no name', body('Content-Disposition: form-data\r\n\r\n1')],
  ['two names', body(`${field}; name="b"\r\n\r\n1`)],
  ['two file names', body(`${field}; filename="a"; filename="b"\r\n\r\n1`)],
  ['another spelling of a file name', body(`${field}; filename*=UTF-8''x.exe\r\n\r\n1`)],
  ['a name without quotes', body('Content-Disposition: form-data; name=a\r\n\r\n1')],
  ['an escaped quote', body('Content-Disposition: form-data; name="a\\"b"\r\n\r\n1')],
  ['a name that is not UTF-8', body('Content-Disposition: form-data; name="\xff"\r\n\r\n1')],
  ['a header twice', body(`${field}\r\n${field}\r\n\r\n1`)],
  ['a folded header', body('Content-Disposition: form-data;\r\n name="a"\r\n\r\n1')],
  ['an unknown header', body(`${field}\r\nX-A: b\r\n\r\n1`)],
  ['another coding', body(`${field}\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==`)],
  ['another length', body(`${field}\r\nContent-Length: 2\r\n\r\n1`)],
  ['another disposition', body('Content-Disposition: attachment; name="a"\r\n\r\n1')],
  [
    'a field that sets the character set',
    body('Content-Disposition: form-data; name="_charset_"\r\n\r\nutf-7'),
  ],
  ['too many parts', body(...Array.from({ length: httpLimits.partsMax + 1 }, () => `${field}\r\n\r\n1`))],
]

suite('H29 H42: a form whose parts are a matter of opinion is refused', () => {
  for (const [what, text] of ambiguous) test(what, () => assert.ok(refused(text, 'b')))
  test('a boundary that is none', () => {
    for (const boundary of [undefined, '', ' b', 'b"', 'b\r\n', 'x'.repeat(71)])
      assert.ok(refused(body(`${field}\r\n\r\n1`), boundary))
  })
})

test('it finds exactly the parts that were written', () => {
  const content = fc.string({ unit: fc.constantFrom('\r', '\n', '-', 'b', 'x'), maxLength: 12 })
  fc.assert(
    fc.property(fc.array(content, { minLength: 1, maxLength: 4 }), (contents) => {
      const text = body(...contents.map((each) => `${field}\r\n\r\n${each}`))
      if (refused(text, 'b')) return assert.ok(contents.some((each) => each.includes('--b')))
      const found = partsOf(Buffer.from(text), 'b').map((part) => part.content.toString())
      assert.deepEqual(found, contents)
    }),
    { numRuns: 2_000 },
  )
})
