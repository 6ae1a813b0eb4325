import { addressText } from '@sluice/core'
import type { Place } from './listener.ts'

/** What a program gets in its environment; `null` takes a variable out. */
export type Variables = Readonly<Record<string, string | null>>

/** Whose API the target speaks, where a program reads the address of a language model from variables of its own. */
export type Profile = 'openai' | 'anthropic'

/** No token is in the program's environment: it needs none. */
const secrets = { SLUICE_TOKEN: null, SLUICE_CLIENT_SECRET: null } as const
/** Would lead elsewhere, or ask for what within this machine is not offered. */
const ofAnotherServer = {
  PGHOSTADDR: null,
  PGPASSWORD: null,
  PGSERVICE: null,
  PGSSLROOTCERT: null,
  PGSSLNEGOTIATION: null,
  PGCHANNELBINDING: null,
  PGREQUIREAUTH: null,
} as const
const user = 'app'

/** The URL that a person or a program needs. */
export function urlOf(protocol: string, target: string, place: Place): string {
  if (protocol !== 'postgres')
    return place.kind === 'socket' ? place.path : `http://${addressText(place.address)}`
  const database = encodeURIComponent(target)
  if (place.kind === 'address') return `postgresql://${user}@${addressText(place.address)}/${database}`
  return `postgresql://${user}@/${database}?host=${encodeURIComponent(folderOf(place.path))}`
}

export function variablesFor(
  protocol: string,
  target: string,
  place: Place,
  profile: Profile | null,
): Variables {
  const url = urlOf(protocol, target, place)
  if (protocol !== 'postgres') return { ...secrets, BASE_URL: url, ...ofModel(profile, url) }
  return {
    ...secrets,
    ...ofAnotherServer,
    PGHOST: place.kind === 'address' ? place.address.host : folderOf(place.path),
    PGPORT: place.kind === 'address' ? String(place.address.port) : '5432',
    PGUSER: user,
    PGDATABASE: target,
    PGSSLMODE: 'disable',
    PGGSSENCMODE: 'disable',
    DATABASE_URL: url,
  }
}

/** `config`: a path that needs no quoting. */
export function sshVariables(config: string): Variables {
  const ssh = `ssh -F ${config}`
  return {
    ...secrets,
    SLUICE_SSH_CONFIG: config,
    GIT_SSH_COMMAND: ssh,
    RSYNC_RSH: ssh,
    GIT_SSH_VARIANT: null,
  }
}

/** The SDKs refuse to start without a key; what they send is not the provider's, which the gateway alone has. */
function ofModel(profile: Profile | null, url: string): Variables {
  switch (profile) {
    case 'openai':
      return { OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: 'sluice' }
    case 'anthropic':
      return { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: 'sluice' }
    case null:
      return {}
  }
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
