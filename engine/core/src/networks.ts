import { BlockList, isIP, isIPv6 } from 'node:net'

const bitsOf = { ipv4: 32, ipv6: 128 } as const

/** Addresses and networks as `10.0.0.0/8`, of both families. `null` where one cannot be read, or there is none. */
export function networksOf(texts: readonly string[]): BlockList | null {
  if (texts.length === 0) return null
  const list = new BlockList()
  for (const text of texts) {
    const [address = '', length, ...more] = text.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    const bits = length === undefined ? bitsOf[family] : Number(length)
    const isWritten = length === undefined || /^(0|[1-9]\d{0,2})$/.test(length)
    const isAddress = isIP(address) !== 0 && !address.includes('%')
    if (!isAddress || !isWritten || bits > bitsOf[family] || more.length > 0) return null
    list.addSubnet(address, bits, family)
  }
  return list
}

/** Whether somebody calls from one of them. What cannot be read holds nobody. */
export function isWithin(networks: BlockList | null, ip: string): boolean {
  const address = ip.replace(/^::ffff:(?=\d+\.)/, '')
  return isIP(address) !== 0 && networks?.check(address, isIPv6(address) ? 'ipv6' : 'ipv4') === true
}
