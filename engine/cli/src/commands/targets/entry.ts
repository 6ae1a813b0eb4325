import { readFile } from 'node:fs/promises'
import { managerNames } from '@sluice/identity'
import { parse } from 'yaml'
import { UsageError } from '../../command.ts'
import { isMapping } from '../../config/merged.ts'
import type { TargetValues } from '../targets.ts'

/** What a configuration file would say of the target. Throws `UsageError`. */
export async function entryOf(name: string, url: string | undefined, values: TargetValues): Promise<object> {
  if (values.file !== undefined) {
    if (url !== undefined) throw new UsageError('give the address by a URL or by --file, not by both')
    const entry: unknown = parse(await readFile(values.file, 'utf8'))
    if (!isMapping(entry)) throw new UsageError(`${values.file} is not one entry of targets:`)
    return { ...entry, name }
  }
  if (url === undefined) throw new UsageError('say where it is: a URL, or --file')
  const ca = values['tls-ca']
  return {
    name,
    ...placeOf(url),
    ...(ca === undefined ? {} : { tls_ca: await readFile(ca, 'utf8') }),
    ...credentialOf(values),
    ...(values.label === undefined ? {} : { labels: Object.fromEntries(values.label.map(labelOf)) }),
  }
}

function placeOf(text: string): object {
  if (!URL.canParse(text)) throw new UsageError(`"${text}" is no URL`)
  const url = new URL(text)
  // It would stand in the shell's history and in the process list already; here it goes no further.
  if (url.password !== '' || url.username !== '')
    throw new UsageError('no login belongs into the URL: use --user and --password env:NAME')
  const path = decodeURIComponent(url.pathname.slice(1))
  const tls =
    url.searchParams.get('sslmode') === 'disable' || url.protocol === 'http:' ? { tls: 'disable' } : {}
  switch (url.protocol) {
    case 'postgres:':
    case 'postgresql:':
      if (path === '') throw new UsageError('name the database: postgresql://host:5432/database')
      return {
        protocol: 'postgres',
        address: `${url.hostname}:${url.port === '' ? '5432' : url.port}`,
        database: path,
        ...tls,
      }
    case 'http:':
    case 'https:': {
      const port = url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port
      const base = path === '' ? {} : { base_path: url.pathname.replace(/\/$/, '') }
      return { protocol: 'http', address: `${url.hostname}:${port}`, ...base, ...tls }
    }
    default:
      throw new UsageError(`${url.protocol.slice(0, -1)} is no protocol for a URL here: use --file`)
  }
}

function credentialOf({ user, password, secret }: TargetValues): object {
  if (secret !== undefined) {
    if (user !== undefined || password !== undefined)
      throw new UsageError('--secret is in the place of --user and --password')
    return { credential: referenceOf(secret, '--secret') }
  }
  if (user === undefined && password === undefined) return {}
  return {
    credential: {
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password: referenceOf(password, '--password') }),
    },
  }
}

const places: readonly string[] = ['env', 'file', ...managerNames]

/** `place:path`. What it is instead is not repeated: it may be the secret. */
function referenceOf(text: string, option: string): object {
  const colon = text.indexOf(':')
  const place = text.slice(0, colon)
  if (!places.includes(place) || colon === text.length - 1)
    throw new UsageError(
      `${option} is a reference, ${places.map((one) => `${one}:…`).join(', ')}, and never the secret itself`,
    )
  return { [place]: text.slice(colon + 1) }
}

function labelOf(text: string): readonly [string, string] {
  const equals = text.indexOf('=')
  if (equals < 1) throw new UsageError('a label is name=value')
  return [text.slice(0, equals), text.slice(equals + 1)]
}
