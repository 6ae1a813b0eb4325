import { BlockList, isIP } from 'node:net'
import { isLoopback, isReachable, type Address } from '@sluice/core'

/** All addresses of a name, as the system finds them. */
export type Resolve = (name: string) => Promise<readonly string[]>

/** Why an address is not dialled, in words for whoever runs the gateway. */
export class NotAllowed extends Error {
  override readonly name = 'NotAllowed'
}

/** An entry that says nothing that can be followed. */
export class AllowError extends Error {
  override readonly name = 'AllowError'
}

interface Entry {
  readonly text: string
  readonly port: number | 'any'
  /** Exactly this name, or the addresses in a range. */
  readonly host: string | Range
}

interface Range {
  readonly family: 'ipv4' | 'ipv6'
  readonly covers: BlockList
  /** All of it is of this machine, of its link, or of nobody: who writes that means it. */
  readonly special: boolean
}

/**
 * Where an agent may connect to: `host:port`, `10.1.0.0/16:5432` or `[fd00::/8]:5432`, the port a number or `*`. A name that
 * is not listed is never looked up. A name that is listed may lead anywhere but to this machine, its link or a
 * cloud's metadata, unless these addresses are listed themselves.
 */
export class AllowList {
  readonly #entries: readonly Entry[]

  /** Throws `AllowError`. */
  constructor(texts: readonly string[]) {
    this.#entries = texts.map(entryOf)
  }

  get texts(): readonly string[] {
    return this.#entries.map(({ text }) => text)
  }

  /** What may be dialled for this address: resolved once, so that nobody says something else a moment later. Throws `NotAllowed`. */
  async resolved({ host, port }: Address, resolve: Resolve): Promise<readonly string[]> {
    const plain = plainAddress(host)
    if (isIP(plain) !== 0) {
      if (this.#lists(plain, port)) return [plain]
      throw new NotAllowed(`${plain} port ${port} is not on its list`)
    }
    if (!this.#names(host, port)) throw new NotAllowed(`${nameText(host)} port ${port} is not on its list`)
    const found = (await resolve(host)).map(plainAddress)
    const usable = found.filter(
      (address) =>
        this.#lists(address, port) || !isSpecial(address) || (host === 'localhost' && isLoopback(address)),
    )
    if (usable.length === 0 && found.length > 0)
      throw new NotAllowed(`${nameText(host)} leads to an address that is not used by name`)
    return usable
  }

  /** As far as it can be told without looking a name up. */
  admits({ host, port }: Address): boolean {
    const plain = plainAddress(host)
    return isIP(plain) === 0 ? this.#names(host, port) : this.#lists(plain, port)
  }

  #names(name: string, port: number): boolean {
    return this.#entries.some((entry) => entry.host === name.toLowerCase() && fits(entry, port))
  }

  #lists(address: string, port: number): boolean {
    const special = isSpecial(address)
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    return this.#entries.some(
      (entry) =>
        typeof entry.host === 'object' &&
        fits(entry, port) &&
        entry.host.special === special &&
        // Node takes all of IPv4 to be within `::/0`.
        entry.host.family === family &&
        entry.host.covers.check(address, family),
    )
  }
}

function fits({ port }: Entry, wanted: number): boolean {
  return port === 'any' || port === wanted
}

function isSpecial(address: string): boolean {
  return isLoopback(address) || !isReachable(address)
}

/** An address of IPv4 in its own form, however it came. */
function plainAddress(host: string): string {
  if (isIP(host) !== 6 || host.includes('%')) return host
  const { hostname } = new URL(`http://[${host}]`)
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(hostname)
  if (mapped === null) return host
  const [high, low] = [Number.parseInt(mapped[1] ?? '', 16), Number.parseInt(mapped[2] ?? '', 16)]
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}

function entryOf(text: string): Entry {
  const [, bracketed, plain, portText = ''] =
    /^(?:\[([0-9A-Fa-f:.]+(?:\/\d{1,3})?)\]|([^\s:[\]]+)):(\d{1,5}|\*)$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = portText === '*' ? 'any' : Number(portText)
  if (host === undefined || (port !== 'any' && (port < 1 || port > 65_535)))
    throw new AllowError(
      `"${text}" says no place: write host:port, 10.1.0.0/16:5432 or [fd00::/8]:5432, the port a number or *`,
    )
  const [base = '', prefixText] = host.split('/')
  const family = isIP(base)
  if (family === 0) {
    if (prefixText !== undefined || !isName(base))
      throw new AllowError(`"${text}" is neither a name nor an address with a port`)
    return { text, port, host: base.toLowerCase() }
  }
  const bits = family === 4 ? 32 : 128
  const prefix = prefixText === undefined ? bits : Number(prefixText)
  if (prefix > bits) throw new AllowError(`"${text}": a prefix of this family has at most ${bits} bits`)
  return { text, port, host: rangeOf(base, prefix, family) }
}

/** Below this a range has more in it than one kind of address. */
const specialPrefixMin = { 4: 8, 6: 10 } as const

function rangeOf(base: string, prefix: number, family: number): Range {
  const covers = new BlockList()
  const name = family === 6 ? 'ipv6' : 'ipv4'
  covers.addSubnet(base, prefix, name)
  const narrow = prefix >= specialPrefixMin[family === 6 ? 6 : 4]
  return { family: name, covers, special: narrow && isSpecial(plainAddress(base)) }
}

/** Letters, digits, hyphens and dots; nothing that a system would read as an address, which is what ends in a number. */
function isName(text: string): boolean {
  return (
    /^(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?$/.test(text) &&
    !/(^|\.)(\d+|0x[0-9a-f]*)\.?$/i.test(text)
  )
}

/** It comes from the other side and goes into messages. */
function nameText(host: string): string {
  return host.slice(0, 255).replaceAll(/[^\w.:-]/g, '?')
}
