import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Undecodable, type Format } from './data-type.ts'
import { maskInPlace } from './methods.ts'
import { replacementOf } from './replacement.ts'
import type { MaskRequest } from './replacer.ts'
import { replacers, type ElementType } from './types.ts'

const pseudonyms = {
  key: 'k1',
  digest: (purpose: string, value: string): Buffer =>
    createHmac('sha256', 'a key').update(`${purpose}\0${value}`).digest(),
}

/** `type` with `[]` behind it is an array. */
function masked(type: string, request: MaskRequest, value: Buffer, format: Format = 'text'): Buffer {
  const element = type.replace('[]', '') as ElementType
  const found = replacementOf({ element, array: type.endsWith('[]') }, request, format, pseudonyms)
  switch (found.kind) {
    case 'invalid':
      return assert.fail(found.why)
    case 'fixed':
      return found.bytes
    case 'computed':
      return found.replace(value)
    case 'in_place': {
      const copy = Buffer.from(value)
      maskInPlace(found.how, copy, 0, copy.length)
      return copy
    }
  }
}

function text(type: string, request: MaskRequest, value: string): string {
  return masked(type, request, Buffer.from(value)).toString()
}

suite('what each method makes of a value', () => {
  const partial: MaskRequest = { method: 'partial' }
  const redact: MaskRequest = { method: 'redact' }
  const to = (groups?: string): MaskRequest => ({ method: 'generalise', to: groups })
  const cases: readonly (readonly [type: string, request: MaskRequest, value: string, shown: string])[] = [
    ['text', redact, 'Ann', '[masked]'],
    ['text', partial, '123-45-6789', '***-**-6789'],
    ['text', to(), 'Smith', 'S*'],
    ['text', to('3'), 'Smith', 'Sm*'],
    ['text', to('3'), 'X', '*'],
    ['text', to('2'), '👩‍🚀 Ann', '👩‍*'],
    ['text', { method: 'constant', value: '-' }, 'Ann', '-'],
    ['bpchar', { method: 'last4' }, '12345678  ', '****5678  '],
    ['char', partial, 'x', '*'],
    ['bool', redact, 't', 'f'],
    ['bool', { method: 'hash' }, 't', 'f'],
    ['int4', redact, '4711', '0'],
    ['int4', partial, '4711', '4000'],
    ['int4', partial, '-4711', '-4000'],
    ['int4', partial, '9', '0'],
    ['int4', { method: 'last4' }, '4711', '0'],
    ['int4', to(), '4711', '4710'],
    ['int4', to('100'), '-1', '-100'],
    ['int2', to('100'), '-32768', '-32768'],
    ['int8', partial, '-9223372036854775808', '-9000000000000000000'],
    ['numeric', partial, '4711.55', '4000'],
    ['numeric', partial, '0.55', '0'],
    ['numeric', partial, 'NaN', '0'],
    ['numeric', to('0.5'), '-0.2', '-0.5'],
    ['numeric', to('1000'), '123456.789', '123000'],
    ['numeric', to(), 'Infinity', '0'],
    ['float8', partial, '-4711.55', '-4000'],
    ['float8', partial, '6.02e+23', '6e+23'],
    ['float8', to('0.5'), '1.7', '1.5'],
    ['float8', to(), 'NaN', '0'],
    ['float8', to('10'), '1.2345e+300', '1e+300'],
    ['uuid', partial, '7c9e6679-7425-40de-944b-e07fc1f90ae7', '00000000-0000-0000-0000-000000000000'],
    ['date', redact, '1987-06-05', '1970-01-01'],
    ['date', partial, '1987-06-05', '1987-01-01'],
    ['date', to(), '1987-06-05', '1987-06-01'],
    ['date', to('decade'), '1987-06-05', '1980-01-01'],
    ['date', to('decade'), '0005-06-05 BC', '0011-01-01 BC'],
    ['date', to(), 'infinity', '1970-01-01'],
    ['date', to('year'), '4714-12-31 BC', '4714-11-24 BC'],
    ['timestamp', to('hour'), '1987-06-05 04:03:02.5', '1987-06-05 04:00:00'],
    ['timestamp', to('day'), '1999-12-31 23:59:59.999999', '1999-12-31 00:00:00'],
    ['timestamptz', partial, '2024-01-01 01:00:00+02', '2023-01-01 00:00:00+00'],
    ['json', redact, '{"a":1}', '"[masked]"'],
    ['jsonb', partial, '{"a":[1,"x",null,true],"b":{}}', '{"a":[0,"[masked]",null,false],"b":{}}'],
    ['jsonb', partial, '{"__proto__": {"a": 1}}', '{"__proto__":{"a":0}}'],
    ['bytea', partial, '\\xc0ffee', '\\x'],
    ['inet', redact, '192.0.2.55', '0.0.0.0'],
    ['inet', partial, '192.0.2.55', '192.0.0.0/16'],
    ['inet', to(), '192.0.2.55/32', '192.0.2.0/24'],
    ['inet', to(), '192.0.2.55/8', '192.0.0.0/8'],
    ['inet', to(), '2001:db8::55:1', '2001:0db8:0000:0000:0000:0000:0000:0000/64'],
    ['inet', to('8,96'), '::ffff:192.0.2.55', '0000:0000:0000:0000:0000:ffff:0000:0000/96'],
    ['cidr', redact, '10.0.0.0/8', '0.0.0.0/32'],
    ['time', partial, '13:45:59.25', '13:00:00'],
    ['time', redact, '24:00:00', '00:00:00'],
    ['timetz', to('hour'), '13:45:59+05:45', '13:00:00+05:45'],
    ['interval', partial, '1 mon -2 days +00:00:01.5', '00:00:00'],
    ['macaddr', partial, '08:00:2b:01:02:03', '08:00:2b:00:00:00'],
    ['bit', redact, '10110', '00000'],
    ['varbit', redact, '10110', '0'],
    ['point', { method: 'hash' }, '(52.5,13.4)', '(0,0)'],
    ['range', redact, '[41,50)', 'empty'],
    ['hstore', redact, '"ssn"=>"123-45-6789"', ''],
    ['vector', redact, '[0.25,-1e-05,3]', '[0,0,0]'],
    ['halfvec', { method: 'hash' }, '[0.25]', '[0]'],
    ['sparsevec', redact, '{1:0.5,3:2}/5', '{}/5'],
    ['vector[]', redact, '{"[1,2]","[3]"}', '{"[0,0]","[0]"}'],
    ['record', redact, '(41,"a,""b\\"",")",)', '(,,,)'],
    ['record', redact, '("a\\\\",b)', '(,)'],
    ['record', redact, '()', '()'],
    ['record[]', redact, '{"(1,\\"a,b\\")"}', '{"(,)"}'],
    ['text[]', partial, '{NULL,"a b","null"}', '{NULL,"* b",**ll}'],
    ['int4[]', to(), '[0:1]={{1,2},{NULL,33}}', '[0:1]={{0,0},{NULL,30}}'],
    ['json[]', redact, '{"{\\"a\\": 1}"}', '{"\\"[masked]\\""}'],
  ]
  for (const [type, request, value, shown] of cases)
    test(`${type} ${request.method} ${request.to ?? ''} of ${value} is ${shown}`, () =>
      assert.equal(text(type, request, value), shown))
})

suite('types of extensions, and rows, in binary', () => {
  const cases: readonly (readonly [type: string, value: string, shown: string])[] = [
    // As pgvector's send functions write them: [1,2], {1:0.5}/3.
    ['vector', '0002 0000 3f800000 40000000', '0002 0000 00000000 00000000'],
    ['halfvec', '0002 0000 3c00 4000', '0002 0000 0000 0000'],
    ['sparsevec', '00000003 00000001 00000000 00000000 3f000000', '00000003 00000000 00000000'],
    ['hstore', '00000001 00000001 61 00000001 62', '00000000'],
    // A number and a text, of which the latter is NULL.
    [
      'record',
      '00000002 00000017 00000004 00000029 00000019 ffffffff',
      '00000002 00000017 ffffffff 00000019 ffffffff',
    ],
    ['bit', '0000000b ffe0', '0000000b 0000'],
    ['timetz', '0000000b87ed6f40 ffffffff', '0000000000000000 00000000'],
  ]
  const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
  for (const [type, value, shown] of cases)
    test(`${type} ${value}`, () =>
      assert.deepEqual(masked(type, { method: 'redact' }, bytes(value), 'binary'), bytes(shown)))

  test('are refused where they are none', () => {
    const broken: readonly (readonly [type: string, value: string])[] = [
      ['vector', '0000 0000'],
      ['vector', '0002 0000 3f800000'],
      ['vector', ''],
      ['sparsevec', '00000003 00000002 00000000 00000000 3f000000'],
      ['sparsevec', '00000003 ffffffff 00000000'],
      ['record', '00000002 00000017 00000004 00000029'],
      ['record', '00000001 00000017 00000009 00000029'],
      ['record', 'ffffffff'],
      ['bit', '0000000b ff'],
      ['bit', 'ffffffff'],
    ]
    for (const [type, value] of broken)
      assert.throws(
        () => masked(type, { method: 'redact' }, bytes(value), 'binary'),
        Undecodable,
        `${type} ${value}`,
      )
    for (const [type, value] of [
      ['record', '(1,"a)'],
      ['record', '1,2'],
      ['vector', '[]'],
      ['vector', '1,2'],
      ['sparsevec', '{1:2}'],
      ['bit', '012'],
    ] as const)
      assert.throws(() => text(type, { method: 'redact' }, value), Undecodable, `${type} ${value}`)
  })
})

suite('pseudonyms', () => {
  const hash = (type: string, value: string): string => text(type, { method: 'hash' }, value)

  test('are equal where the server finds values equal, however they are written', () => {
    assert.equal(hash('numeric', '1.50'), hash('numeric', '1.5'))
    assert.equal(hash('numeric', '0.00'), hash('numeric', '-0'))
    assert.notEqual(hash('numeric', '100'), hash('numeric', '1'))
    assert.equal(hash('bpchar', 'Ann   '), hash('bpchar', 'Ann'))
    assert.equal(hash('bpchar', 'Ann'), hash('text', 'Ann'))
    assert.equal(
      hash('timestamptz', '2024-01-01 02:00:00+02'),
      hash('timestamptz', '2023-12-31 18:00:00.000-06'),
    )
    assert.equal(hash('float8', '-0'), hash('float8', '0'))
    assert.equal(hash('bytea', '\\x6100'), hash('bytea', 'a\\000'))
    assert.equal(hash('inet', '::1'), hash('inet', '0:0::0:1/128'))
    assert.equal(
      hash('uuid', '7C9E6679-7425-40DE-944B-E07FC1F90AE7'),
      hash('uuid', '7c9e6679-7425-40de-944b-e07fc1f90ae7'),
    )
  })

  test('have the shape of their type', () => {
    assert.match(hash('text', 'Ann'), /^[\da-f]{32}$/)
    assert.match(hash('jsonb', '{}'), /^"[\da-f]{32}"$/)
    assert.match(hash('uuid', '7c9e6679-7425-40de-944b-e07fc1f90ae7'), /^.{14}8.{4}[89ab].{16}$/)
    assert.match(hash('inet', '192.0.2.1/24'), /^10\./)
    assert.match(hash('inet', '2001:db8::1'), /^fd/)
    assert.match(hash('bytea', '\\x'), /^\\x[\da-f]{64}$/)
  })

  test('as tokens are equal within their domain, and have nothing to do with others', () => {
    const token = (type: string, domain: string, value: string): string =>
      text(type, { method: 'tokenise', domain }, value)
    assert.equal(token('text', 'people', 'Ann'), token('bpchar', 'people', 'Ann  '))
    assert.equal(token('numeric', 'people', '1.50'), token('numeric', 'people', '1.5'))
    const all = ['people', 'peoplf', 'text'].flatMap((domain) => [
      token('text', domain, 'Ann'),
      token('text', domain, 'Bea'),
    ])
    assert.equal(new Set([...all, hash('text', 'Ann'), hash('text', 'Bea')]).size, 8)
    for (const value of all) assert.match(value, /^[\da-f]{32}$/)
    const named = replacementOf(
      { element: 'text', array: false },
      { method: 'tokenise', domain: 'd' },
      'text',
      pseudonyms,
    )
    assert.ok(named.kind === 'computed' && named.method === 'tokenise:d:k1')
    for (const [request, key] of [
      [{ method: 'tokenise' }, pseudonyms],
      [{ method: 'tokenise', domain: 'd' }, undefined],
    ] as const)
      assert.equal(replacementOf({ element: 'text', array: false }, request, 'text', key).kind, 'invalid')
  })

  test('need a key where there is one to be made', () => {
    const without = (element: ElementType): string =>
      replacementOf({ element, array: true }, { method: 'hash' }, 'text', undefined).kind
    assert.equal(without('text'), 'invalid')
    assert.equal(without('int4'), 'invalid')
  })

  test('are the only thing that is made of the key, and name it', () => {
    for (const element of Object.keys(replacers) as ElementType[])
      for (const method of ['hash', 'redact', 'partial'] as const) {
        const found = replacementOf({ element, array: false }, { method }, 'text', pseudonyms)
        assert.ok(found.kind !== 'invalid')
        assert.equal(found.method.includes('k1'), found.method === 'hash:k1')
      }
  })
})

suite('what is no value of a type is not shown', () => {
  const wrong: readonly (readonly [ElementType, Format, readonly (string | Buffer)[]])[] = [
    ['text', 'text', [Buffer.from([0xff]), Buffer.from('é').subarray(0, 1)]],
    ['int2', 'text', ['', '32768', '-32769', '1.5', ' 1', '1\n', '0x1']],
    ['int4', 'binary', ['', 'abc', 'abcde']],
    ['int8', 'text', ['9223372036854775808', 'NULL']],
    ['numeric', 'text', ['', '1.', '.5', '1e5', '--1', 'nan', '1\n']],
    [
      'numeric',
      'binary',
      [
        Buffer.alloc(7),
        Buffer.alloc(9),
        Buffer.from('0001000000000000', 'hex'),
        Buffer.from('00010000000000002710', 'hex'),
        Buffer.from('0000000012340000', 'hex'),
      ],
    ],
    ['float4', 'binary', [Buffer.alloc(3), Buffer.alloc(8)]],
    ['float8', 'text', ['', '0x10', '1e', 'inf', ' ']],
    ['uuid', 'text', ['7c9e6679742540de944be07fc1f90ae7', '7c9e6679-7425-40de-944b-e07fc1f90aeg']],
    ['uuid', 'binary', [Buffer.alloc(15)]],
    ['date', 'text', ['06/05/1987', '05.06.1987', '1987-02-29', '1987-13-01', '0000-01-01', '1987-06-05x']],
    ['date', 'binary', [Buffer.alloc(3), Buffer.from('80000001', 'hex')]],
    ['timestamp', 'text', ['1987-06-05', '1987-06-05 24:00:00', '1987-06-05 01:02:03+00']],
    ['timestamptz', 'text', ['1987-06-05 01:02:03', 'Fri Jun 05 01:02:03 1987 UTC']],
    ['timestamptz', 'binary', [Buffer.alloc(4), Buffer.from('8000000000000001', 'hex')]],
    ['json', 'text', ['', '{', "{'a': 1}", Buffer.from('"\xff"', 'latin1')]],
    ['jsonb', 'binary', ['', '{}', '\x02{}', '\x01', '\x01"\\u0000"']],
    ['bytea', 'text', ['\\xabc', '\\xzz', '\\9', '\\40', 'a\\']],
    ['inet', 'text', ['', '192.0.2', '192.0.2.1/33', '::1/129', '1::2::3', '192.0.2.1/']],
    [
      'inet',
      'binary',
      [
        Buffer.alloc(0),
        Buffer.from([2, 32, 0, 4, 1, 2, 3]),
        Buffer.from([3, 32, 0, 4, 1, 2, 3, 4]),
        Buffer.from([2, 33, 0, 4, 1, 2, 3, 4]),
      ],
    ],
    ['cidr', 'text', ['192.0.2.1/24']],
  ]
  for (const [type, format, values] of wrong)
    for (const value of values)
      test(`${type} in ${format}: ${JSON.stringify(Buffer.from(value).toString('latin1'))}`, () => {
        for (const method of ['hash', 'generalise'] as const) {
          const found = replacementOf({ element: type, array: false }, { method }, format, pseudonyms)
          if (found.kind !== 'computed') continue
          assert.throws(() => found.replace(Buffer.from(value)), Undecodable)
        }
      })

  test('any bytes give a value or that error, in every type and method', () => {
    const requests: readonly MaskRequest[] = [
      { method: 'hash' },
      { method: 'partial' },
      { method: 'generalise' },
    ]
    const types = Object.keys(replacers) as ElementType[]
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.constantFrom(...requests),
        fc.constantFrom<Format>('text', 'binary'),
        fc.boolean(),
        fc.oneof(
          fc.uint8Array({ maxLength: 24 }),
          fc.string({ maxLength: 12 }).map((value) => Buffer.from(value)),
        ),
        (element, request, format, array, bytes) => {
          try {
            masked(`${element}${array ? '[]' : ''}`, request, Buffer.from(bytes), format)
          } catch (error) {
            assert.ok(error instanceof Undecodable, String(error))
          }
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

test('arguments that a type does not know are invalid', () => {
  const kind = (element: ElementType, request: MaskRequest): string =>
    replacementOf({ element, array: false }, request, 'binary', pseudonyms).kind
  const groups: readonly (readonly [ElementType, readonly string[]])[] = [
    ['text', ['0', 'year', '-1', '100']],
    ['int4', ['0', '1', '-10', '1.5', 'year', '']],
    ['numeric', ['0', '0.0', '-1', '1e3', '']],
    ['float8', ['0', '0.00', '-1', '']],
    ['date', ['hour', 'day', 'week', 'toString', '']],
    ['timestamp', ['minute', '']],
    ['inet', ['32', '24,128', '/24', '']],
    ['uuid', ['1']],
    ['bool', ['t']],
  ]
  for (const [type, wrong] of groups)
    for (const to of wrong) assert.equal(kind(type, { method: 'generalise', to }), 'invalid', `${type} ${to}`)
  const constants: readonly (readonly [ElementType, string])[] = [
    ['int2', '40000'],
    ['bool', 'yes'],
    ['date', 'today'],
    ['uuid', ''],
    ['jsonb', 'x'],
    ['jsonb', '"\\u0000"'],
    ['inet', 'localhost'],
    ['cidr', '10.1.1.1/8'],
  ]
  for (const [type, value] of constants)
    assert.equal(kind(type, { method: 'constant', value }), 'invalid', `${type} ${value}`)
  assert.equal(kind('jsonb', { method: 'constant', value: '"\\\\u0000"' }), 'fixed')
})
