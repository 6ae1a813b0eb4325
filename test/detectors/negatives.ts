import { alphanumeric, decimal, hexadecimal, type Random } from './random.ts'
import { luhnDigit } from './values.ts'

type Maker = () => string

/** What looks much like a value of some class and is none of any. */
export function negative(random: Random): string {
  const digits = (count: number): string => random.text(count, decimal)
  const hex = (count: number): string => random.text(count, hexadecimal)
  const two = (limit: number): string => String(1 + random.below(limit)).padStart(2, '0')
  const day = `20${two(30)}-${two(12)}-${two(28)}`
  const time = `${two(23)}:${two(59)}:${two(59)}`
  const made: readonly [Maker, ...Maker[]] = [
    () => day,
    () => `${two(28)}.${two(12)}.20${two(30)}`,
    () => `${two(12)}/${two(28)}/20${two(30)}`,
    () => `${day}T${time}.${digits(3)}+01:00`,
    () => `${day}-${time.replaceAll(':', '-')}`,
    () => `17${digits(8)}`,
    () => `17${digits(11)}`,
    () => `17${digits(17)}`,
    () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
    () => `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}`,
    () => digits(16),
    () => digits(18),
    () => hex(32),
    () => hex(40),
    () => `sha256:${hex(64)}`,
    () => `0.${digits(16)}`,
    () => `${digits(3)}.4${digits(15)}`,
    () => `${1 + random.below(20)}.${digits(2)}.${digits(3)}-rc.${digits(1)}`,
    () => `10.${random.below(256)}.${random.below(256)}.${random.below(256)}:${5000 + random.below(999)}`,
    () => `ORD-${digits(6)}-${digits(4)}`,
    () => `PO ${digits(9)}`,
    () => `9${digits(2)}-${two(98)}-${digits(4)}`,
    () => `666-${two(98)}-${digits(4)}`,
    () => `${digits(3)}-00-${digits(4)}`,
    () => `4${digits(19)}`,
    () => `1${digits(3)}-${digits(4)}-${digits(4)}-${digits(4)}-${digits(4)}`,
    () => wrongCheck(`4${digits(14)}`),
    () => wrongCheck(`55${digits(13)}`),
    () => `978-3-${digits(2)}-${digits(6)}-${digits(1)}`,
    () => `lodash@4.${random.below(20)}.${random.below(30)}`,
    () => '@scope/package',
    () => 'root@localhost',
    () => 'icon@2x.png',
    () => `DE00${digits(18)}`,
    () => `XX${digits(20)}`,
    () => `GB${digits(6)}`,
    () => `task-${hex(20)}`,
    () => `secret_name = my-service-secret-name`,
    () => `token: <your token here>`,
    () => `max_tokens: ${digits(4)}`,
    () => `sk-SK, ghp_short, AKIA`,
    () => `data:image/png;base64,${random.text(200, alphanumeric)}==`,
    () => `-----BEGIN CERTIFICATE-----\n${random.text(64, alphanumeric)}\n-----END CERTIFICATE-----`,
    () => `${two(98)} ${two(98)} ${two(98)}`,
    () => `${digits(3)} ${digits(3)} ${digits(3)}`,
    () => `lat=5${digits(1)}.${digits(6)}, lon=1${digits(1)}.${digits(6)}`,
    () => `v${two(20)}.${two(20)}.${digits(8)}`,
    () => `$1,${digits(3)},${digits(3)}.${digits(2)}`,
  ]
  return random.pick(made)()
}

/** The last digit is off by one to nine. */
function wrongCheck(body: string): string {
  return `${body}${(luhnDigit(body) + 1 + (Number(body.slice(-1)) % 9)) % 10}`
}
