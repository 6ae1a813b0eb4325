import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { builtInDetectors } from '../detectors/built-in.ts'
import { contentMasker } from './content-masker.ts'
import { Finder, withoutFindings } from './finder.ts'
import { Tally } from './tally.ts'
import { TextWindow } from './text-window.ts'
import { ValueMask } from './value-mask.ts'

const text = 'Ann’s card is 4000290979900015'
const bytes = Buffer.from(text)
const twice = (encoding: 'base64' | 'hex'): string => Buffer.from(bytes.toString(encoding)).toString('base64')
const runs: readonly (readonly [how: string, run: string])[] = [
  ['base64', bytes.toString('base64')],
  ['base64 without its end', bytes.toString('base64').replaceAll('=', '')],
  ['base64 for URLs', bytes.toString('base64url')],
  ['hexadecimal', bytes.toString('hex')],
  ['hexadecimal in upper case', bytes.toString('hex').toUpperCase()],
  ['base64 in base64', twice('base64')],
  ['hexadecimal in base64', twice('hex')],
  ['escapes in base64', Buffer.from(text.replaceAll('4', '%34')).toString('base64')],
]

function finder(...names: readonly string[]): Finder {
  const asked = names.length === 0 ? [...builtInDetectors.keys()] : names
  return new Finder(
    asked.map((name) => ({
      detector: builtInDetectors.get(name) ?? assert.fail(name),
      mask: new ValueMask(name, { method: 'last4' }, 'rules/detector', undefined),
    })),
  )
}

function masked(of: string, by = finder('card')): string {
  return by.masked(of, new Tally())
}

function told(pieces: readonly string[], by = finder('card')): readonly string[] {
  const window = new TextWindow(by, new Tally())
  return [...pieces.map((piece) => window.push(piece)), window.end()]
}

suite('a run of characters that say a text', () => {
  for (const [how, run] of runs)
    test(`is found in ${how}, whatever stands around it`, () => {
      for (const [before, after] of [
        ['', ''],
        ['the token: ', ' is it'],
        ['/v1/customers/', '/orders'],
        ['id_', ''],
        ['a-b-c-', '.'],
        ['{"a":"', '"}'],
        [String.raw`x:\n`, String.raw`\n`],
        ['é', '😀'],
        // Half a character before it.
        ['8J+/', ' '],
        ['data:text/plain;charset=utf-8;base64,', ')'],
        ['q=', '%3D&b=100%'],
        ['%20', '%0A'],
        ['&quot;', '&quot;'],
        ['01234567890123456789 abcdefghijklmnopq ', ' 5f2b8c1e-2d43-4b7e-9c1f-0123456789ab'],
      ] as const)
        // The sign behind it may be of it, and a sign of equality is.
        assert.ok(
          [after, after.slice(1), after.slice('%3D'.length)]
            .map((rest) => `${before}[masked]${rest}`)
            .includes(masked(`${before}${run}${after}`)),
          masked(`${before}${run}${after}`),
        )
    })

  test('may stand in several lines', () => {
    const long = Buffer.from(`${'no value here, '.repeat(20)}${text}${' nor here'.repeat(20)}`)
    for (const end of ['\n', '\r\n'])
      for (let shift = 0; shift < 60; shift++) {
        const coded = Buffer.concat([Buffer.alloc(shift, 'x'), long]).toString('base64')
        const lines = (coded.match(/.{1,76}/g) ?? []).join(end)
        assert.equal(masked(`mail:\n\n${lines}\n\nof it`), 'mail:\n\n[masked]\n\nof it', String(shift))
      }
  })

  test('may say what a terminal is sent', () =>
    assert.equal(
      masked(`of ${Buffer.from(`\x1b[1mAnn\x1b[0m\x07\t${text}`).toString('base64')}.`),
      'of [masked].',
    ))

  test('of hexadecimal may have a prefix', () => {
    for (const before of [String.raw`bytes \x`, '0x', "X'"])
      for (const run of [bytes.toString('hex'), bytes.toString('hex').toUpperCase()]) {
        assert.equal(masked(before + run), `${before}[masked]`)
        assert.equal(told(Array.from(before + run)).join(''), `${before}[masked]`)
      }
  })

  test('may be written in escapes', () => {
    const escaped = bytes.toString('base64').replaceAll(/./g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
    assert.equal(masked(`a=${escaped}&b`), 'a=[masked]&b')
    assert.equal(told(Array.from(`a=${escaped}&b`)).join(''), 'a=[masked]&b')
  })

  test('ends with its line when that is short', () =>
    assert.equal(masked(`${bytes.toString('base64url')}\nwords`), '[masked]\nwords'))

  test('is shown when there is nothing in it', () => {
    const coded = Buffer.from('a text of no value for anybody').toString('base64')
    for (const around of [coded, `the ${coded} is`]) assert.equal(masked(around, finder()), around)
  })

  test('hides nothing of a value that stands beside it', () =>
    assert.equal(masked(`4000290979900015 ${bytes.toString('hex')}`), '************0015 [masked]'))
})

suite('an escaped value', () => {
  const card = '4000290979900015'
  const escapes: readonly ((digit: string) => string)[] = [
    (digit) => `%3${digit}`,
    (digit) => `%253${digit}`,
    (digit) => `&#${digit.charCodeAt(0)};`,
    (digit) => `&#x3${digit};`,
    (digit) => String.raw`\u003${digit}`,
    (digit) => String.raw`\x3${digit}`,
  ]
  for (const escape of escapes)
    test(`is hidden as far as it goes: ${escape('4')}`, () => {
      const some = card.replace(/4/, escape).replace(/9/, escape)
      for (const value of [some, card.replaceAll(/\d/g, escape)])
        for (const [before, after] of [
          ['', ''],
          ['100% of https://a.example/?a=', '&b=%zz'],
          ['<b>', '</b> &amp; more'],
        ] as const)
          assert.equal(masked(`${before}${value}${after}`), `${before}[masked]${after}`)
    })

  test('stays as it is shown where it is not escaped', () => {
    const url = `https://a.example/?a=${card}&b=%20x&c=%34000290979900015`
    assert.equal(masked(url), 'https://a.example/?a=************0015&b=%20x&c=[masked]')
  })
})

suite('what is no text in an encoding', () => {
  const source = String.raw`export function foldingOnce<Result>(work: () => Result): Result { const path = '/usr/local/lib/node_modules/x-y_z'; return "C:\\new\\temp" + %d }`
  const prose =
    'Notwithstanding the internationalisation of counterrevolutionaries, state-of-the-art telecommunications; 100% sure & well. '
  const jwt =
    'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJsYW5nY2hhaW4iLCJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLmNvbSIsImV4cCI6MTc4MDAwMDAwMH0.QmFzZTY0'
  const image = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), randomBytes(200_000)])
  const jpeg = Buffer.concat([Buffer.from('ffd8ffe000104a464946', 'hex'), randomBytes(200_000)])
  const plain: readonly (readonly [string, string])[] = [
    ['prose', prose.repeat(20)],
    ['source', source.repeat(20)],
    ['UUIDs', Array.from({ length: 2_000 }, () => randomUUID()).join(' ')],
    [
      'hashes',
      Array.from({ length: 2_000 }, (_, at) => createHash('sha256').update(String(at)).digest('hex')).join(
        ' ',
      ),
    ],
    [
      'digests',
      Array.from({ length: 2_000 }, (_, at) => createHash('sha256').update(String(at)).digest('base64')).join(
        ' ',
      ),
    ],
    ['paths', '/var/lib/postgresql/17/main/pg_wal/0000000100000000000000A5 '.repeat(200)],
    ['an image', `data:image/png;base64,${image.toString('base64')}`],
    ['a photograph', jpeg.toString('base64')],
    ['one for URLs', jpeg.toString('base64url')],
    ['times', '2026-11-28T08:22:47.123456+01:00 20261128082247123456 '.repeat(200)],
  ]
  const by = finder('card', 'ssn', 'email', 'iban', 'phone')
  for (const [what, content] of plain)
    test(`is left alone: ${what}`, () => {
      const plain = withoutFindings(content, by.find(content, 0), new Tally())
      const cuts = Array.from({ length: 40 }, (_, at) => at * 997)
      assert.ok(masked(content, by) === plain)
      assert.ok(told(piecesOf(content, cuts), by).join('') === plain)
    })

  test('a token in which no detector finds anything, is left alone', () => assert.equal(masked(jwt, by), jwt))

  test('of a token that names an address that part is hidden', () => {
    const claims = Buffer.from('{"sub":"1","email":"ann@example.com"}').toString('base64url')
    const [header, , signature] = jwt.split('.')
    assert.equal(masked(`${header}.${claims}.${signature}`, by), `${header}.[masked].${signature}`)
  })

  test('an image need not wait for its end, and a text that says one no longer than for two blocks', () => {
    const held = (coded: string, size: number): number => {
      const window = new TextWindow(by, new Tally())
      let most = 0
      let out = 0
      for (let at = 0; at < coded.length; at += size) {
        out += window.push(coded.slice(at, at + size)).length
        most = Math.max(most, Math.min(coded.length, at + size) - out)
      }
      return most
    }
    assert.ok(held(image.toString('base64'), 100) < 400)
    assert.ok(held(Buffer.from(prose.repeat(500)).toString('base64'), 100) <= 4_096 + 100)
    assert.ok(held(Buffer.from(prose.repeat(500)).toString('hex'), 100) <= 6_144 + 100)
  })
})

suite('in pieces', () => {
  const part = fc.constantFrom(
    ...runs.map(([, run]) => run),
    '8J+/',
    '\\x',
    '%34',
    '%',
    '&#52;',
    '&',
    '000290979900015',
    '4000290979900015',
    'MTIzLTQ1',
    'NDExMTEx',
    '313233',
    '=',
    '==',
    '/',
    '-',
    '_',
    '\\',
    '\\n',
    'n',
    ' ',
    '\n',
    '\r\n',
    'é',
    '😀',
    'the',
    'a',
    'token: ',
    Buffer.from('x'.repeat(60)).toString('base64'),
    Buffer.from(`${'a'.repeat(50)} ${text}`).toString('base64url'),
  )

  test('is told as the whole text would be', () => {
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (parts, places) => {
          const whole = parts.join('')
          for (const by of [finder('card'), finder('card', 'email', 'key')])
            assert.equal(told(piecesOf(whole, places), by).join(''), masked(whole, by))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('is told so when it is long, and in blocks', () => {
    const inside = fc.array(
      fc.constantFrom(text, ' no value in it'.repeat(100), 'é', 'x'.repeat(3_000), '😀'),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(
        inside,
        fc.constantFrom('base64' as const, 'hex' as const, 'base64url' as const),
        fc.array(fc.nat(), { maxLength: 40 }),
        (words, encoding, places) => {
          const run = Buffer.from(words.join(' ')).toString(encoding)
          const whole = `it is ${run} and more`
          const shown = masked(whole)
          assert.equal(told(piecesOf(whole, places)).join(''), shown)
          for (const left of shown.slice(6, -9).split('[masked]'))
            assert.doesNotMatch(Buffer.from(left, encoding).toString(), /979900015/)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('every cut of every run gives the same', () => {
    for (const [, run] of runs) {
      const whole = `is ${run}, 100%`
      for (let cut = 0; cut <= whole.length; cut++)
        assert.equal(told([whole.slice(0, cut), whole.slice(cut)]).join(''), 'is [masked], 100%')
      assert.equal(told(Array.from(whole)).join(''), 'is [masked], 100%')
    }
  })

  test('an escape that has begun belongs to what stands before it', () => {
    const by = finder('email')
    for (const before of ['7a20'.repeat(40), 'x'.repeat(40), 'of ']) {
      const whole = `${before}${[...'ann@example.com'].map((sign) => `&#${sign.charCodeAt(0)};`).join('')} and`
      const shown = masked(whole, by)
      assert.match(shown, /\[masked\] and$/)
      for (let cut = 0; cut <= whole.length; cut++)
        assert.equal(told([whole.slice(0, cut), whole.slice(cut)], by).join(''), shown)
      assert.equal(told(Array.from(whole), by).join(''), shown)
    }
  })

  test('a long one passes, but for the blocks with a value in them and their neighbours', () => {
    const said = Buffer.from(
      `${'nothing to find. '.repeat(60_000)}${text}${' and nothing more.'.repeat(60_000)}`,
    )
    const coded = said.toString('base64')
    const shown = told(coded.match(/.{1,1000}/g) ?? []).join('')
    assert.ok(/^[\w+/]+(?:\[masked\]){2,3}[\w+/]+={0,2}$/.test(shown))
    assert.ok(shown.length > coded.length - 3 * 2_048)
  })
})

suite('the time', () => {
  /** As for detectors: far more than it takes, and far less than a quadratic search would. */
  const boundMs = 8_000
  const prose =
    'The quarterly report is attached and everybody should read it before the meeting on Thursday. '

  for (const [what, content] of [
    ['prose', prose],
    ['base64 of a text', Buffer.from(prose).toString('base64')],
    ['hexadecimal of a text', Buffer.from(prose).toString('hex')],
    ['base64 of base64', Buffer.from(Buffer.from(prose).toString('base64')).toString('base64')],
    ['base64 of an image', randomBytes(30_000).toString('base64')],
    ['escapes', '%41%20'],
    ['escapes of escapes', '%2525'],
    ['entities', '&#52;'],
    ['signs that divide words', '-'],
    ['text wherever it begins', 'YWF-'],
    ['what may always be one', 'a'],
    ['ends of lines', `${'YWFh'.repeat(15)}\n`],
  ] as const) {
    // What is escaped is read again with each piece.
    const chars = what.startsWith('escapes') ? 100_000 : 1_000_000
    const long = content.repeat(Math.ceil(chars / content.length)).slice(0, chars)
    const by = finder('card', 'ssn')

    test(`of ${chars} characters of ${what} in pieces of ten is no long one`, () => {
      const window = new TextWindow(by, new Tally())
      const before = process.cpuUsage()
      let length = 0
      for (let at = 0; at < long.length; at += 10) length += window.push(long.slice(at, at + 10)).length
      length += window.end().length
      const { user } = process.cpuUsage(before)
      assert.equal(length, long.length)
      assert.ok(user < 1_000 * boundMs, `${user / 1_000} ms`)
    })

    test(`of ${chars} characters of ${what} at once is no long one`, () => {
      const before = process.cpuUsage()
      assert.equal(masked(long, by), long)
      const { user } = process.cpuUsage(before)
      assert.ok(user < 1_000 * boundMs, `${user / 1_000} ms`)
    })
  }
})

suite('what a detector finds in it', () => {
  const detector = builtInDetectors.get('card') ?? assert.fail()

  function maskedIn(type: string, content: string): readonly [string, number] {
    const rules = { paths: [], detectors: [{ detector, request: { method: 'last4' as const }, rule: 'm' }] }
    const masker = contentMasker(type, rules)
    const pieces = [masker.push(Buffer.from(content)), masker.end()]
    const values = pieces
      .flatMap(({ masked: counts }) => counts)
      .reduce((sum, { values: more }) => sum + more, 0)
    return [Buffer.concat(pieces.map((piece) => piece.bytes)).toString(), values]
  }

  const coded = bytes.toString('base64')
  const inText = `the token is ${coded} `
  for (const [type, content, shown] of [
    ['application/json', `{"a":"${coded}","b":["x"]}`, '{"a":"[masked]","b":["x"]}'],
    ['application/json', `{"${coded}":1}`, '{"[masked]":1}'],
    [
      'application/json',
      JSON.stringify({ a: inText, b: `é ${inText}` }),
      '{"a":"the token is [masked] ","b":"é the token is [masked] "}',
    ],
    [
      'application/json',
      JSON.stringify({ a: JSON.stringify({ b: coded }) }),
      '{"a":"{\\"b\\":\\"[masked]\\"}"}',
    ],
    ['application/x-ndjson', `{"a":"${coded}"}\n`, '{"a":"[masked]"}\n'],
    ['text/event-stream', `data: {"a":"${coded}"}\n\n`, 'data: {"a":"[masked]"}\n\n'],
    ['text/event-stream', `data: ${inText}\n\n`, 'data: the token is [masked] \n\n'],
    ['text/event-stream', `: ${inText}\ndata: x\n\n`, ': the token is [masked] \ndata: x\n\n'],
    ['application/x-www-form-urlencoded', `a=${encodeURIComponent(coded)}&b=x`, 'a=%5Bmasked%5D&b=x'],
    ['text/plain', inText, 'the token is [masked] '],
  ] as const)
    test(`is hidden and counted in ${type}: ${content.slice(0, 40)}`, () => {
      const count = shown.split('masked').length - 1
      assert.deepEqual(maskedIn(type, content), [shown, count])
    })
})

function piecesOf(whole: string, places: readonly number[]): readonly string[] {
  const cuts = [0, ...places.map((place) => place % (whole.length + 1)), whole.length].toSorted(
    (one, other) => one - other,
  )
  return cuts.slice(1).map((end, at) => whole.slice(cuts[at], end))
}
