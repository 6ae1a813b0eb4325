/**
 * Where the policy library and the compiler lie, for the engine that loads them. Paths start at this package, from
 * its sources and from its build alike.
 */
const at = (path: string): URL => new URL(`../${path}`, import.meta.url)

/** The Rego files that every bundle contains: authors only add packages `sluice.rules.<name>`. */
export const libraryFiles: readonly { readonly name: string; readonly url: URL }[] = [
  { name: 'sluice/decision.rego', url: at('lib/decision.rego') },
  { name: 'sluice/sql.rego', url: at('lib/sql.rego') },
]

/** A policy folder to start from. */
export const starterFolder: URL = at('starter/')

/** OPA's compiler as a WASI reactor, brotli-compressed; built by `compiler.ts` from `compiler/*.go`. */
export const compilerArtefact: URL = at('compiler/rego-compiler.wasm.br')

/** SHA-256 of the artefact before compression, in hexadecimal. */
export const compilerDigest: URL = at('compiler/rego-compiler.sha256')

/** JSON list of the built-in functions that compiled policies may call. */
export const builtinNames: URL = at('compiler/native-builtins.json')
