import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { link, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Wraps data keys under a key-encryption key. A service that never shows that key can stand behind it. */
export interface Keys {
  /** Called ahead of need, for many at once. */
  wrap(keys: readonly Uint8Array[]): Promise<readonly Uint8Array[]>
  /** Rejects when the bytes were not wrapped here. */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>
}

/** The gateway's signature on what concerns the whole process. */
export interface Signer {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  sign(bytes: Uint8Array): Uint8Array
}

export interface GatewayKeys extends Keys, Signer {}

/** A key that is missing, damaged, or readable by others. */
export class KeyError extends Error {
  override readonly name = 'KeyError'
}

/** Keys in files that only their owner reads; generated when they are missing. */
export async function openKeys(folder: string): Promise<GatewayKeys> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const sealing = await keyFile(
    join(folder, 'sealing.key'),
    () => `${randomBytes(32).toString('base64url')}\n`,
  )
  const gateway = await keyFile(join(folder, 'gateway.key'), () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  )
  const secret = Buffer.from(sealing.trim(), 'base64url')
  if (secret.length !== 32) throw new KeyError(`${join(folder, 'sealing.key')} is damaged: restore it`)
  return { ...wrapping(createSecretKey(secret)), ...signer(createPrivateKey(gateway)) }
}

/** Keys that are gone with the process. */
export function memoryKeys(): GatewayKeys {
  return {
    ...wrapping(createSecretKey(randomBytes(32))),
    ...signer(generateKeyPairSync('ed25519').privateKey),
  }
}

/** The file beside the log with the public key of its signatures, for whoever checks it. */
export const publicKeyName = 'gateway.pub'

/** DER before the 32 bytes of an Ed25519 public key. */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

export function publicKeyPem(publicKey: Uint8Array): string {
  return keyOf(publicKey).export({ type: 'spki', format: 'pem' }).toString()
}

export function verifySignature(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  return verify(null, bytes, keyOf(publicKey), signature)
}

function keyOf(publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' })
}

function signer(privateKey: KeyObject): Signer {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' })
  return {
    publicKey: spki.subarray(spkiPrefix.length),
    sign: (bytes) => sign(null, bytes, privateKey),
  }
}

const nonceBytes = 12
const tagBytes = 16
const purpose = Buffer.from('sluice data key v1')

/** nonce ‖ ciphertext ‖ tag of AES-256-GCM. */
function wrapping(key: KeyObject): Keys {
  return {
    wrap: async (keys) => keys.map((plain) => wrapOne(key, plain)),
    unwrap: async (wrapped) => {
      const cipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, nonceBytes))
      cipher.setAAD(purpose).setAuthTag(wrapped.subarray(wrapped.length - tagBytes))
      const plain = cipher.update(wrapped.subarray(nonceBytes, wrapped.length - tagBytes))
      return Buffer.concat([plain, cipher.final()])
    },
  }
}

function wrapOne(key: KeyObject, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(purpose)
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

async function keyFile(path: string, generate: () => string): Promise<string> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  if (!(await exists(path))) {
    await writeFile(draft, generate(), { mode: 0o600, flag: 'wx', flush: true })
    try {
      // Linking never overwrites: of two processes that start at once, both read the first one's key.
      await link(draft, path)
      await syncFolder(join(path, '..'))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    } finally {
      await rm(draft)
    }
  }
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0)
    throw new KeyError(`${path} must be readable by its owner only: run chmod 600 on it`)
  return readFile(path, 'utf8')
}

/** A sealed log whose key is lost with the folder's entry could not be read again. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder)
  await handle.sync()
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )
}
