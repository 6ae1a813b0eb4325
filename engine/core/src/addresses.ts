import { BlockList, isIP, isIPv6, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { Address } from './request.ts'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Addresses of no machine that could be meant: a cloud's metadata, groups of machines, nobody. */
const nowhere = new BlockList()
nowhere.addSubnet('0.0.0.0', 8, 'ipv4')
nowhere.addSubnet('169.254.0.0', 16, 'ipv4')
nowhere.addSubnet('224.0.0.0', 3, 'ipv4')
addTranslated(0, 0, 8)
addTranslated(127, 0, 8)
addTranslated(169, 254, 16)
addTranslated(224, 0, 3)
nowhere.addAddress('::', 'ipv6')
nowhere.addSubnet('fe80::', 10, 'ipv6')
nowhere.addSubnet('ff00::', 8, 'ipv6')
nowhere.addAddress('fd00:ec2::254', 'ipv6')

/** Whether it is this machine. What is no address is not. */
export function isLoopback(address: string): boolean {
  // Asked for each request: a look into the list makes an object of the runtime.
  return address === '127.0.0.1' || (isIP(address) !== 0 && loopback.check(address, familyOf(address)))
}

/** Whether a machine may be meant. Private networks are for the operator to name. */
export function isReachable(address: string): boolean {
  return isIP(address) !== 0 && !nowhere.check(address, familyOf(address))
}

/** Of who called; an address of IPv4 in its own form, also where both families are served. Empty: it has gone. */
export function callerAddress({ remoteAddress }: Pick<Socket, 'remoteAddress'>): string {
  return remoteAddress?.replace(/^::ffff:/, '') ?? ''
}

/** `host:port`, with brackets around the host of IPv6. */
export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether others may read what comes over it from this address. */
export function isInClear(connection: Duplex, from: string): boolean {
  return !(connection instanceof TLSSocket) && !isLoopback(from)
}

/**
 * The addresses of IPv6 that a network may translate to a range of IPv4: NAT64 (RFC 6052), 6to4 (RFC 3056), and those that have
 * it at their end (RFC 2765, RFC 4291). An address that is mapped to IPv4 Node reads as that.
 */
function addTranslated(first: number, second: number, prefix: number): void {
  const base = `${first}.${second}.0.0`
  for (const before of ['64:ff9b::', '::ffff:0:']) nowhere.addSubnet(before + base, 96 + prefix, 'ipv6')
  // Among these would be `::1`.
  if (first !== 0) nowhere.addSubnet(`::${base}`, 96 + prefix, 'ipv6')
  nowhere.addSubnet(`2002:${((first << 8) | second).toString(16)}::`, 16 + prefix, 'ipv6')
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
