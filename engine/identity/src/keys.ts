import { createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'
import { link, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { SecretError, type SecretReference } from './secrets/reference.ts'
import { readSecret, type SecretSource } from './secrets/source.ts'
import { newPrivateKey, privateKeyOf } from './ssh/private-key.ts'
import { WireError } from './ssh/wire.ts'

/** A key written in hexadecimal or base64 has at least 256 bits from this length on. */
const keyCharsMin = 43

/** What a key is for. Separated by purpose, so that the same secret used elsewhere by mistake does no harm. */
interface Purpose {
  readonly name: string
  readonly file: string
  readonly derivation: string
}

const tokens: Purpose = {
  name: 'the key of gateway tokens',
  file: 'tokens.key',
  derivation: 'sluice gateway token v1',
}
const agents: Purpose = {
  name: 'the key of agents',
  file: 'agents.key',
  derivation: 'sluice agents v1',
}
const masking: Purpose = {
  name: 'the key of pseudonyms',
  file: 'masking.key',
  derivation: 'sluice pseudonym v1',
}

/**
 * The key of gateway tokens, the same on all gateways of an installation. Without a reference it is generated
 * once, in `folder`, readable by its owner only.
 *
 * @throws SecretError when it is missing, too short, or readable by others.
 */
export function tokenKey(
  reference: SecretReference | null,
  folder: string,
  source: SecretSource,
): Promise<KeyObject> {
  return keyFor(tokens, reference, folder, source)
}

/** What the authority of agents is made of, found as the key of tokens is. */
export function agentsKey(
  reference: SecretReference | null,
  folder: string,
  source: SecretSource,
): Promise<KeyObject> {
  return keyFor(agents, reference, folder, source)
}

/** The key of what browsers keep, of the same secret: whoever may make tokens may make these. */
export function browserKey(
  reference: SecretReference | null,
  folder: string,
  source: SecretSource,
): Promise<KeyObject> {
  return keyFor({ ...tokens, derivation: 'sluice browser session v1' }, reference, folder, source)
}

/** The key of pseudonyms in masked answers, found as that of tokens is. */
export function maskingKey(
  reference: SecretReference | null,
  folder: string,
  source: SecretSource,
): Promise<KeyObject> {
  return keyFor(masking, reference, folder, source)
}

async function keyFor(
  { name, file, derivation }: Purpose,
  reference: SecretReference | null,
  folder: string,
  source: SecretSource,
): Promise<KeyObject> {
  const text = await readSecret(reference ?? { file: await generated(resolve(folder), file) }, source)
  if (text.length < keyCharsMin)
    throw new SecretError(`${name} needs ${keyCharsMin} characters of hexadecimal or base64`)
  return createSecretKey(Buffer.from(hkdfSync('sha256', text, '', derivation, 32)))
}

/**
 * A key of SSH of Ed25519, the same on all gateways of an installation; generated as the others are.
 *
 * @throws SecretError when it is missing or none, or readable by others.
 */
export async function sshKey(
  of: 'ssh_ca' | 'ssh_host' | 'ssh_login_ca',
  reference: SecretReference | null,
  folder: string,
  source: SecretSource,
): Promise<KeyObject> {
  const make = (): string => newPrivateKey(`sluice ${of}`)
  const file = reference ?? { file: await generated(resolve(folder), `${of}.key`, make) }
  const text = await readSecret(file, source)
  try {
    return privateKeyOf(text)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new SecretError(`keys.${of} is not usable: ${error.message}`)
  }
}

async function generated(folder: string, file: string, make = randomText): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, file)
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, make(), { mode: 0o600, flag: 'wx', flush: true })
  try {
    // Linking never overwrites: of two processes that start at once, both read the first one's key.
    await link(draft, path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(draft)
  }
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0)
    throw new SecretError(`${path} must be readable by its owner only: run chmod 600 on it`)
  return path
}

function randomText(): string {
  return `${randomBytes(32).toString('base64url')}\n`
}
