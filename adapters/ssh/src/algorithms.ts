import type { CipherAlgorithm, CompressionAlgorithm, KexAlgorithm, MacAlgorithm } from 'ssh2'

interface Offer {
  readonly kex: KexAlgorithm[]
  readonly cipher: CipherAlgorithm[]
  readonly hmac: MacAlgorithm[]
  readonly compress: CompressionAlgorithm[]
}

/**
 * What is negotiated, best first, on both sides; nothing else is offered. SHA-1, CBC, group 1 and RSA below its SHA-2
 * forms are left out. With strict key exchange, which the library does whenever the other side can, a truncated
 * handshake (Terrapin, CVE-2023-48795) is noticed; ChaCha20-Poly1305 and encrypt-then-MAC, which need it for that, are not
 * offered at all. There is no post-quantum key exchange in the library.
 */
export const algorithms: Offer = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
  ],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
  hmac: ['hmac-sha2-256', 'hmac-sha2-512'],
  compress: ['none'],
}

/** By which signatures a host with such a key proves itself. */
export const hostKeySignatures: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}
