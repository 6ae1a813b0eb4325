import { isWithin, networksOf } from '@sluice/core'
import { refuse } from '../refuse.ts'

/** Throws `Refused` unless they are networks as `source-address` lists them, since what cannot be read permits nothing. */
export function checkNetworks(networks: readonly string[]): void {
  if (networksOf(networks) === null) unreadable()
}

function unreadable(): never {
  refuse('source_address', 'The networks that the certificate is for cannot be read.')
}

/** Throws `Refused`. `list`: as the option says it, with commas. */
export function checkSource(list: string, ip: string): void {
  const networks = networksOf(list.split(','))
  if (networks === null) unreadable()
  if (!isWithin(networks, ip))
    refuse('source_address', 'The certificate is not for the address that you call from.')
}
