import { BlockList, isIP, isIPv6 } from 'node:net'
import { refuse } from '../refuse.ts'

/** Networks as `source-address` lists them. Throws `Refused`, since what cannot be read permits nothing. */
export function checkNetworks(networks: readonly string[]): BlockList {
  if (networks.length === 0) unreadable()
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', length, ...more] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    const bits = length === undefined ? bitsOf[family] : Number(length)
    const isWritten = length === undefined || /^(0|[1-9]\d{0,2})$/.test(length)
    if (
      isIP(address) === 0 ||
      address.includes('%') ||
      !isWritten ||
      bits > bitsOf[family] ||
      more.length > 0
    )
      unreadable()
    list.addSubnet(address, bits, family)
  }
  return list
}

const bitsOf = { ipv4: 32, ipv6: 128 } as const

function unreadable(): never {
  refuse('source_address', 'The networks that the certificate is for cannot be read.')
}

/** Throws `Refused`. `list`: as the option says it, with commas. */
export function checkSource(list: string, ip: string): void {
  const networks = checkNetworks(list.split(','))
  const address = ip.replace(/^::ffff:(?=\d+\.)/, '')
  if (isIP(address) === 0 || !networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4'))
    refuse('source_address', 'The certificate is not for the address that you call from.')
}
