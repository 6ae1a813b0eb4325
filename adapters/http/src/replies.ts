import type { Coding } from '@sluice/masking'

/** Names in lower case; a name may come more than once, as Set-Cookie does. */
export type Headers = readonly (readonly [name: string, value: string])[]

/** A piece of an answer, on its way from the target to the caller. */
export type Reply =
  | {
      readonly kind: 'head'
      readonly status: number
      readonly headers: Headers
      /** In which the data that follow came, or are to leave; in themselves they are in none. */
      readonly coding?: Coding
    }
  | { readonly kind: 'data'; readonly bytes: Buffer }
  /** The answer is whole. */
  | { readonly kind: 'end'; readonly trailers: Headers }

/** All that is said under that name, as one list (RFC 9110 §5.3): of two values readers take different ones. */
export function headerOf(headers: Headers, name: string): string | undefined {
  let found: string | undefined
  for (const [known, value] of headers)
    if (known === name) found = found === undefined ? value : `${found}, ${value}`
  return found
}

export function without(headers: Headers, names: ReadonlySet<string>): Headers {
  return headers.filter(([name]) => !names.has(name))
}
