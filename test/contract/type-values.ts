import fc from 'fast-check'

/** Random values of every type that can be masked, as texts that the server takes. */
export interface TypeValues {
  /** As SQL writes it. */
  readonly type: string
  readonly values: fc.Arbitrary<string>
  /** Of the value in `v`. */
  readonly expression?: string
  /** Groups that `generalise` knows of it, beside its own. */
  readonly groups: readonly string[]
  readonly constant: string
  /** The same in the form that the server gives it. */
  readonly shown?: string
}

const digits = (max: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: max })
const padded = (value: number, length: number): string => String(value).padStart(length, '0')
/** `last` is the year after Christ of which every day is a value, `first` the one before. */
const days = (first: number, last: number): fc.Arbitrary<{ readonly day: string; readonly era: string }> =>
  fc
    .tuple(
      fc.oneof(fc.integer({ min: 1890, max: 2110 }), fc.integer({ min: -first, max: last })),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 28 }),
    )
    .map(([year, month, day]) => ({
      day: `${padded(year > 0 ? year : 1 - year, 4)}-${padded(month, 2)}-${padded(day, 2)}`,
      era: year > 0 ? '' : ' BC',
    }))
const infinities = fc.constantFrom('infinity', '-infinity')
const instants = (zones: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(days(4712, 294_275), fc.nat(86_399), fc.nat(999_999), fc.constantFrom(...zones))
    .map(([{ day, era }, second, micro, zone]) => {
      const clock = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60]
      const time = clock.map((part) => padded(part, 2)).join(':')
      return `${day} ${time}${micro % 3 === 0 ? '' : `.${padded(micro, 6)}`}${zone}${era}`
    })
const json = fc
  .jsonValue({ noUnicodeString: false })
  .map((value) => JSON.stringify(value))
  .filter((text) => !text.includes('\\u0000'))
const texts = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 30 }),
    fc.string({ unit: fc.constantFrom(...'aN{}",\\ \'\t\n√Éß'), maxLength: 12 }),
    fc.constantFrom('', 'NULL', 'null', ' ', '\\', '"', '{}', 'ann@example.com', '123-45-6789'),
  )
  .filter((text) => !text.includes('\0') && text.isWellFormed())
const addresses = fc.oneof(
  fc.ipV4(),
  fc.ipV6().filter((text) => !text.includes('%')),
  fc.constantFrom('::', '::1', '::ffff:192.0.2.1', '2001:db8::/32', 'fe80::1/10', '0.0.0.0/0'),
  fc.tuple(fc.ipV4(), fc.nat(32)).map(([host, bits]) => `${host}/${bits}`),
)
const clocks = (zones: readonly string[], hourEnd: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.nat(hourEnd * 3600 - 1), fc.nat(999_999), fc.constantFrom(...zones))
    .map(([second, micro, zone]) => {
      const clock = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60]
      const time = clock.map((part) => padded(part, 2)).join(':')
      return `${time}${micro % 3 === 0 ? '' : `.${padded(micro, 6)}`}${zone}`
    })
const hardware = (length: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => (Buffer.from(bytes).toString('hex').match(/../g) ?? []).join(':'))
const bits = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom('0', '1'), minLength, maxLength }).filter((text) => text.includes('1'))
/** Of a shape: every type reads them as a list of numbers, or of points. The last two of a pair differ. */
const coordinates = (count: number): fc.Arbitrary<string> =>
  fc.nat(1000).map((first) => Array.from({ length: count }, (_, index) => first + 1 + index ** 2).join(','))
const lexemes = fc
  .array(fc.stringMatching(/^[a-z]{3,9}$/), { minLength: 2, maxLength: 4 })
  .map((words) => words.map((word) => `'${word}'`).join(' '))
const dateGroups = ['month', 'year', 'decade']

export const typeValues: readonly TypeValues[] = [
  { type: 'text', values: texts, groups: ['1', '3'], constant: 'no, "{none}"' },
  { type: 'varchar(40)', values: texts, groups: ['2'], constant: '' },
  {
    type: 'character(30)',
    values: texts.map((text) => Array.from(text).slice(0, 20).join('')),
    groups: ['1'],
    constant: 'none',
  },
  {
    type: 'name',
    values: texts.map((text) => Array.from(text).slice(0, 5).join('')),
    groups: ['1'],
    constant: 'x',
  },
  {
    type: '"char"',
    values: fc.string({ unit: fc.constantFrom(...'abcXYZ09*,{"\\ '), maxLength: 1 }),
    groups: [],
    constant: 'x',
  },
  { type: 'bool', values: fc.boolean().map(String), groups: [], constant: 't', shown: 'true' },
  {
    type: 'int2',
    values: fc.integer({ min: -32_768, max: 32_767 }).map(String),
    groups: ['1000'],
    constant: '-1',
  },
  {
    type: 'int4',
    values: fc.oneof(fc.integer(), fc.integer({ min: -200, max: 200 })).map(String),
    groups: ['7', '100000'],
    constant: '0',
  },
  {
    type: 'int8',
    values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    groups: ['100000000000'],
    constant: '9223372036854775807',
  },
  {
    type: 'numeric',
    values: fc.oneof(
      fc
        .tuple(fc.constantFrom('', '-'), digits(40), fc.option(digits(40), { nil: '' }))
        .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`),
      fc.constantFrom('0', '0.00', '-0.0001', '10000', '9999.99990', '1e60', '1e-60', '-1.5e20'),
      fc.constantFrom('NaN', 'Infinity', '-Infinity'),
    ),
    groups: ['0.05', '2500', '1000000'],
    constant: '-12.340',
  },
  {
    type: 'float4',
    values: fc.oneof(
      fc.float({ noNaN: true }).map(String),
      fc.constantFrom('NaN', 'Infinity', '-Infinity', '0.1'),
    ),
    groups: ['0.5', '1000'],
    constant: '0.1',
  },
  {
    type: 'float8',
    values: fc.oneof(
      fc.double({ noNaN: true }).map(String),
      fc.constantFrom('NaN', 'Infinity', '-Infinity', '0.1'),
    ),
    groups: ['0.5', '1000'],
    constant: '-0.1',
  },
  { type: 'uuid', values: fc.uuid(), groups: [], constant: '00000000-0000-4000-8000-000000000001' },
  {
    type: 'date',
    values: fc.oneof(
      days(4712, 5_874_896).map(({ day, era }) => day + era),
      infinities,
      fc.constantFrom('4713-12-01 BC', '4714-11-24 BC', '5874897-12-31', '2000-02-29', '1900-02-28'),
    ),
    groups: dateGroups,
    constant: '2020-02-29',
  },
  {
    type: 'timestamp',
    values: fc.oneof(instants(['']), infinities),
    groups: ['hour', 'day', ...dateGroups],
    constant: '1970-01-01 12:34:56.789',
  },
  {
    type: 'timestamptz',
    values: fc.oneof(instants(['Z', '+05:45', '-11:30', '+13']), infinities),
    groups: ['hour', 'day', ...dateGroups],
    constant: '2020-01-01 00:00:00+00',
    shown: '2020-01-01 05:45:00+05:45',
  },
  { type: 'json', values: json, groups: [], constant: '{"a": [1]}' },
  { type: 'jsonb', values: json, groups: [], constant: '{"a": [1]}' },
  {
    type: 'bytea',
    values: fc.uint8Array({ maxLength: 20 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`),
    groups: [],
    constant: '\\x00ff',
  },
  { type: 'inet', values: addresses, groups: ['8', '12,20', '31,127'], constant: '192.0.2.1/24' },
  {
    type: 'cidr',
    values: addresses,
    expression: 'network(v::inet)',
    groups: ['8', '0,0'],
    constant: '192.0.2.0/24',
  },
  { type: 'time', values: clocks([''], 24), groups: ['hour'], constant: '12:34:56.789' },
  {
    type: 'timetz',
    values: clocks(['+00', '-11:30', '+05:45', '+15:59:59'], 24),
    groups: ['hour'],
    constant: '12:34:56-03:30',
  },
  {
    type: 'interval',
    values: fc
      .tuple(fc.integer({ min: -500, max: 500 }), fc.integer({ min: 1, max: 90_000 }))
      .map(([days, seconds]) => `${days} days ${seconds}.25 seconds`),
    groups: [],
    constant: '00:00:00',
  },
  {
    type: 'money',
    values: fc.integer().map((cents) => String(cents / 100)),
    groups: [],
    constant: '$0.00',
  },
  { type: 'macaddr', values: hardware(6), groups: [], constant: '08:00:2b:01:02:03' },
  { type: 'macaddr8', values: hardware(8), groups: [], constant: '08:00:2b:01:02:03:04:05' },
  { type: 'bit(12)', values: bits(12, 12), groups: [], constant: '000111000111' },
  { type: 'varbit', values: bits(4, 40), groups: [], constant: '0' },
  { type: 'point', values: coordinates(2), groups: [], constant: '(0,0)' },
  { type: 'lseg', values: coordinates(4), groups: [], constant: '[(0,0),(0,0)]' },
  { type: 'path', values: coordinates(8), groups: [], constant: '((0,0))' },
  { type: 'polygon', values: coordinates(6), groups: [], constant: '((0,0))' },
  { type: 'circle', values: coordinates(3), groups: [], constant: '<(0,0),0>' },
  { type: 'line', values: coordinates(4), groups: [], constant: '{0,-1,0}' },
  {
    type: 'xml',
    values: fc.stringMatching(/^[a-z]{3,9}$/).map((name) => `<${name} of="1">${name}</${name}>`),
    groups: [],
    constant: '<masked/>',
  },
  { type: 'tsvector', values: lexemes, groups: [], constant: '' },
  ...(['int4range', 'int8range', 'numrange'] as const).map((type) => ({
    type,
    values: fc.nat(10_000).map((from) => `[${from},${from + 50})`),
    groups: [],
    constant: 'empty',
  })),
  ...(['int4multirange', 'nummultirange'] as const).map((type) => ({
    type,
    values: fc.nat(10_000).map((from) => `{[${from},${from + 50}),[${from + 60},${from + 61})}`),
    groups: [],
    constant: '{}',
  })),
]
