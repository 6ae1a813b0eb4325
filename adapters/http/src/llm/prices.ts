import { SchemaError } from '@sluice/core'
import type { Tokens } from './told.ts'

/** For a million tokens, in whatever currency the operator counts in. */
export interface Price {
  readonly input: number
  readonly output: number
  /** Of input that the target had read before; like other input unless it is given. */
  readonly cached_input: number
  /** Of input that it keeps for later; likewise. */
  readonly cache_write: number
}

/** By patterns of model names, in which `*` stands for anything; the longest that fits counts. */
export type Prices = readonly (readonly [pattern: string, price: Price])[]

export function priceOf(prices: Prices, model: string): Price | undefined {
  return prices.find(([pattern]) => fits(pattern, model))?.[1]
}

/** In millionths, rounded up: a price for a million tokens is one in millionths for one. */
export function costOf(price: Price, { input, cached, written, output }: Tokens): number {
  const plain = Math.max(0, input - cached - written)
  const { cached_input, cache_write } = price
  return Math.ceil(
    plain * price.input + cached * cached_input + written * cache_write + output * price.output,
  )
}

/** Throws `SchemaError`. */
export function pricesOf(value: unknown, key: string): Prices {
  if (!isMapping(value)) throw new SchemaError([key], `"${key}" must map patterns of models to prices`)
  return Object.entries(value)
    .map(([pattern, price]): readonly [string, Price] => [pattern, readPrice(price, [key, pattern])])
    .toSorted(([one], [other]) => other.length - one.length)
}

const names = ['input', 'output', 'cached_input', 'cache_write'] as const
const priceMax = 1_000_000

function readPrice(value: unknown, at: readonly string[]): Price {
  if (!isMapping(value))
    throw new SchemaError(at, `"${at.join('.')}" must be { input, output }, for a million tokens`)
  const unknown = Object.keys(value).find((name) => !names.some((known) => known === name))
  if (unknown !== undefined)
    throw new SchemaError([...at, unknown], `unknown key "${unknown}"; there are ${names.join(', ')}`)
  const of = (name: (typeof names)[number], otherwise?: number): number => {
    const price = value[name] ?? otherwise
    if (typeof price === 'number' && price >= 0 && price <= priceMax) return price
    throw new SchemaError(
      [...at, name],
      `"${[...at, name].join('.')}" must be a number from 0 to ${priceMax}`,
    )
  }
  const input = of('input')
  return {
    input,
    output: of('output'),
    cached_input: of('cached_input', input),
    cache_write: of('cache_write', input),
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Each `*` takes as little as it can, so a long pattern costs no more than its length times the name's. */
function fits(pattern: string, model: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return model === pattern
  if (!model.startsWith(first) || model.length < first.length + last.length || !model.endsWith(last))
    return false
  let at = first.length
  for (const part of rest) {
    const found = model.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= model.length - last.length
}
