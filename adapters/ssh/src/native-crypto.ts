import { createRequire } from 'node:module'

/** The library says of this only there, and computes in JavaScript without a word where it is not. */
const { bindingAvailable } = createRequire(import.meta.url)('ssh2/lib/protocol/crypto.js') as {
  readonly bindingAvailable: unknown
}

/** What is wrong with how it was installed. */
export const impairments: readonly string[] =
  bindingAvailable === true
    ? []
    : [
        'the native cryptography of SSH is missing, so it computes in JavaScript, several times slower: run `node infra/native-crypto.mjs`',
      ]
