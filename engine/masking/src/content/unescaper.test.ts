import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { unescaped, Unescaper } from './unescaper.ts'

suite('a text without escapes', () => {
  for (const [escaped, said] of [
    ['100% of %34%31', '100% of 41'],
    ['%C3%A9%F0%9F%98%80%u00e9', 'é😀é'],
    ['%E9 is no UTF-8, %2 nothing', '%E9 is no UTF-8, %2 nothing'],
    ['&#52;&#x34;&#52&amp;&commat;', '444&@'],
    ['AT&T &nosuch; &#99999999;', 'AT&T &nosuch; &#99999999;'],
    [String.raw`\u0034\x34 C:\users\n`, String.raw`44 C:\users\n`],
  ] as const)
    test(escaped, () => assert.equal(unescaped(escaped)?.text ?? escaped, said))

  test('knows where all of it stood', () => {
    const said = unescaped('a%C3%A9b&#52;c') ?? assert.fail()
    assert.equal(said.text, 'aéb4c')
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((at) => said.original(at)),
      [0, 1, 7, 8, 13, 14],
    )
  })

  test('keeps bytes as PostgreSQL writes them, where runs are looked for', () => {
    const said = (text: string): string => {
      const unescaper = new Unescaper(true)
      return unescaper.push(text) + unescaper.end()
    }
    assert.equal(said(String.raw`\x3431 \x341 \x34z \x34`), String.raw`\x3431 41 4z 4`)
    assert.equal(said('&#52;%34'), '44')
  })

  for (const inRuns of [false, true])
    test(`is the same however it is cut, in runs: ${inRuns}`, () => {
      const part = fc.constantFrom(
        '%',
        '3',
        '34',
        '%34',
        '%C3',
        '%A9',
        '%C3%A9',
        'u0034',
        'x',
        '\\x34',
        '\\',
        '&',
        '#',
        'x',
        ';',
        'amp',
        'a',
        ' ',
        '%F0%9F%98%80',
      )
      fc.assert(
        fc.property(
          fc.array(part, { maxLength: 20 }),
          fc.array(fc.nat(), { maxLength: 8 }),
          (parts, places) => {
            const text = parts.join('')
            const whole = new Unescaper(inRuns)
            const all = whole.push(text) + whole.end()
            const unescaper = new Unescaper(inRuns)
            const said = [
              ...piecesOf(text, places).map((piece) => unescaper.push(piece)),
              unescaper.end(),
            ].join('')
            assert.equal(said, all)
            for (let at = 0; at <= said.length; at++) assert.equal(unescaper.original(at), whole.original(at))
          },
        ),
        { numRuns: 3_000 },
      )
    })
})

function piecesOf(text: string, places: readonly number[]): readonly string[] {
  const cuts = [0, ...places.map((place) => place % (text.length + 1)), text.length].toSorted(
    (one, other) => one - other,
  )
  return cuts.slice(1).map((end, at) => text.slice(cuts[at], end))
}
