import type { Json } from './api/shapes.ts'

/** What the form of a new target holds; every field as it is typed. */
export interface TargetForm {
  readonly protocol: string
  readonly name: string
  readonly address: string
  readonly database: string
  readonly schemas: string
  readonly tls: string
  readonly authentication: string
  readonly base_path: string
  readonly host_key: string
  readonly user: string
  readonly place: string
  readonly secret: string
  readonly via: string
  readonly labels: string
}

export const emptyTarget: TargetForm = {
  protocol: 'postgres',
  name: '',
  address: '',
  database: '',
  schemas: '',
  tls: 'verify-full',
  authentication: 'bearer',
  base_path: '',
  host_key: '',
  user: '',
  place: 'env',
  secret: 'SLUICE_TARGET_',
  via: '',
  labels: '',
}

type Entry = { readonly [key: string]: Json }

/** As a configuration file would say it. What is empty is left out, so that the gateway says what is missing. */
export function entryOf(form: TargetForm): Entry {
  const { protocol, name, address, via, labels } = form
  return filled({
    name: name.trim(),
    protocol,
    address: address.trim(),
    ...settingsOf(form),
    credential: credentialOf(form),
    via: via.trim(),
    labels: labelsOf(labels),
  })
}

function settingsOf({
  protocol,
  database,
  schemas,
  tls,
  authentication,
  base_path,
  host_key,
}: TargetForm): Entry {
  switch (protocol) {
    case 'postgres':
      return { database: database.trim(), schemas: words(schemas), tls }
    case 'http':
      return { base_path: base_path.trim(), authentication, tls }
    default:
      return { host_key: host_key.trim() }
  }
}

function credentialOf({ protocol, authentication, user, place, secret }: TargetForm): Json {
  if (protocol === 'http' && authentication === 'none') return null
  const needsUser = protocol !== 'http' || authentication === 'basic'
  const reference = secret.trim() === '' ? null : { [place]: secret.trim() }
  return filled({ user: needsUser ? user.trim() : '', password: reference })
}

/** `env=prod`, one a line or between commas. */
function labelsOf(text: string): Entry {
  return Object.fromEntries(
    text
      .split(/[\n,]/)
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .map((line) => {
        const at = line.indexOf('=')
        return at < 0 ? [line, ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
      }),
  )
}

function words(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '')
}

function filled(entry: Entry): Entry {
  return Object.fromEntries(
    Object.entries(entry).filter(
      ([, value]) =>
        value !== '' && value !== null && !(typeof value === 'object' && Object.keys(value).length === 0),
    ),
  )
}

/** The field at which something that is wrong with an entry is said; empty: it is said of all of it. */
export function fieldOf(at: string): keyof TargetForm | '' {
  const [key = '', part = ''] = at.split('.')
  if (key === 'credential') return part === 'user' ? 'user' : 'secret'
  return key in emptyTarget ? (key as keyof TargetForm) : ''
}

/** The same entry as YAML, for people who keep files. */
export function entryText(entry: Entry): string {
  const lines = Object.entries(entry).map(([key, value]) => `${key}: ${yaml(value)}`)
  return `- ${lines.join('\n  ')}`
}

function yaml(value: Json): string {
  if (typeof value === 'string') return /^[A-Za-z][\w./-]*$/.test(value) ? value : JSON.stringify(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((each: Json) => yaml(each)).join(', ')}]`
  const parts = Object.entries(value).map(([key, each]) => `${key}: ${yaml(each)}`)
  return `{ ${parts.join(', ')} }`
}
