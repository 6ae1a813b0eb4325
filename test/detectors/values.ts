import { alphanumeric, decimal, hexadecimal, type Random } from './random.ts'

/** Makes one value of a class, written in one of the ways in which people and programs write it. */
type Maker = (random: Random) => string

export const values: Readonly<Record<string, Maker>> = {
  card,
  ssn,
  email,
  iban,
  phone,
  key,
  private_key: privateKey,
}

function card(random: Random): string {
  const [prefix, length] = random.pick([
    ['4', 16],
    ['4', 13],
    ['51', 16],
    ['2720', 16],
    ['34', 15],
    ['37', 15],
    ['36', 14],
    ['6011', 16],
    ['3530', 16],
    ['62', 19],
  ])
  const body = prefix + random.text(length - prefix.length - 1, decimal)
  const digits = body + luhnDigit(body)
  const separator = random.pick(['', '', ' ', '-'])
  const groups = length < 16 && length > 13 ? /^(.{4})(.{6})(.+)$/ : /(.{4})(?=.)/g
  const shown = separator === '' ? digits : digits.replace(groups, groupsWith(length, separator))
  return disguised(random, shown)
}

function groupsWith(length: number, separator: string): string {
  return length < 16 && length > 13 ? `$1${separator}$2${separator}$3` : `$1${separator}`
}

/** Now and then in full-width digits, with other dashes and spaces, or with something between that nobody sees. */
function disguised(random: Random, value: string): string {
  const fullWidth = value.replaceAll(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))
  const typeset = value.replaceAll('-', '\u2011').replaceAll(' ', '\u00a0')
  const unseen = `${value.slice(0, 3)}\u200b${value.slice(3, 7)}\u00ad${value.slice(7)}`
  return random.pick([value, value, value, value, value, fullWidth, typeset, unseen])
}

export function luhnDigit(body: string): number {
  const sum = [...body].toReversed().reduce((total, character, index) => {
    const value = Number(character) * (index % 2 === 0 ? 2 : 1)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return (10 - (sum % 10)) % 10
}

function ssn(random: Random): string {
  const area = String(1 + random.below(665)).padStart(3, '0')
  const group = String(1 + random.below(99)).padStart(2, '0')
  const serial = String(1 + random.below(9999)).padStart(4, '0')
  return disguised(random, [area, group, serial].join(random.pick(['-', '-', ' '])))
}

function email(random: Random): string {
  const name = random.pick(['ann', 'j.doe', 'maría', "o'neil", 'sales+eu', 'x_y-z', 'B.Lee99', '李雷'])
  const domain = random.pick([
    'example.com',
    'mail.example.co.uk',
    'bücher.de',
    'x-y.io',
    'corp.example.museum',
  ])
  return `${name}${random.below(1000)}@${domain}`
}

function iban(random: Random): string {
  const [country, bank, digits] = random.pick([
    ['DE', '', 18],
    ['GB', 'WEST', 14],
    ['FR', '', 23],
    ['NL', 'ABNA', 10],
    ['NO', '', 11],
    ['MT', 'MALT', 23],
  ])
  const account = bank + random.text(digits, decimal)
  const numeric = [...`${account}${country}00`].map((character) => Number.parseInt(character, 36)).join('')
  const value = `${country}${String(98n - (BigInt(numeric) % 97n)).padStart(2, '0')}${account}`
  return random.pick([value, value, value.toLowerCase(), value.replace(/(.{4})(?=.)/g, '$1 ')])
}

function phone(random: Random): string {
  const digits = (count: number): string => random.text(count, decimal)
  const three = (): string => `${2 + random.below(8)}${2 + random.below(8)}${random.below(10)}`
  return random.pick([
    () => `+1${three()}${three()}${digits(4)}`,
    () => `(${three()}) ${three()}-${digits(4)}`,
    () => `${three()}-${three()}-${digits(4)}`,
    () => `1-${three()}-${three()}-${digits(4)}`,
    () => `${three()}.${three()}.${digits(4)}`,
    () => `+44 20 7946 0${digits(3)}`,
    () => `+44 (0)20 7946 0${digits(3)}`,
    () => `020 7946 0${digits(3)}`,
    () => `+49 171 ${digits(7)}`,
    () => `0049 30 ${digits(7)}`,
    () => `0171/${digits(7)}`,
    () => `06 ${digits(2)} ${digits(2)} ${digits(2)} ${digits(2)}`,
    () => `+919${digits(9)}`,
    () => `+81-3-${digits(4)}-${digits(4)}`,
  ])()
}

function key(random: Random): string {
  const some = (length: number): string => random.text(length, alphanumeric)
  return random.pick([
    () => `sk-${some(48)}`,
    () => `sk-proj-${some(60)}_${some(20)}`,
    () => `sk-ant-api03-${some(80)}-${some(8)}`,
    () => `ghp_${some(36)}`,
    () => `github_pat_${some(22)}_${some(59)}`,
    () => `glpat-${some(20)}`,
    () => `xoxb-${random.text(12, decimal)}-${some(24)}`,
    () => `AKIA${random.text(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
    () => `AIza${some(35)}`,
    () => `slu_${some(40)}.${some(30)}`,
    () => `lsv2_pt_${random.text(32, hexadecimal)}_${random.text(10, hexadecimal)}`,
    () => `hf_${some(34)}`,
    () => `sk_live_${some(24)}`,
    () => `eyJ${some(33)}.eyJ${some(90)}.${some(43)}`,
  ])()
}

function privateKey(random: Random): string {
  const lines = Array.from({ length: 3 + random.below(40) }, () => random.text(64, alphanumeric))
  const kind = random.pick(['', 'RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED '])
  return [`-----BEGIN ${kind}PRIVATE KEY-----`, ...lines, `-----END ${kind}PRIVATE KEY-----`].join(
    random.pick(['\n', '\\n', '\r\n']),
  )
}
