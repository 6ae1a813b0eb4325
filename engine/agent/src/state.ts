import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  X509Certificate,
  type KeyObject,
} from 'node:crypto'
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What an agent keeps is missing, damaged, or readable by others. */
export class StateError extends Error {
  override readonly name = 'StateError'
}

/** What an agent is by: its key, which never leaves its folder, and its certificate. */
export class AgentState {
  readonly #folder: string
  readonly privateKey: KeyObject
  #certificate: string | null
  #authority: string | null

  private constructor(
    folder: string,
    privateKey: KeyObject,
    certificate: string | null,
    authority: string | null,
  ) {
    this.#folder = folder
    this.privateKey = privateKey
    this.#certificate = certificate
    this.#authority = authority
  }

  /** Makes the key when there is none. Throws `StateError`. */
  static async open(folder: string): Promise<AgentState> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, keyFile)
    if ((await textOf(path)) === null) {
      const { privateKey } = generateKeyPairSync('ed25519')
      await write(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
    }
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0)
      throw new StateError(`${path} must be readable by its owner only: run chmod 600 on it`)
    let privateKey: KeyObject
    try {
      privateKey = createPrivateKey((await textOf(path)) ?? '')
    } catch (error) {
      throw new StateError(`${path} is damaged: remove it and enrol the agent anew`, { cause: error })
    }
    const [certificate, authority] = [
      await textOf(join(folder, certificateFile)),
      await textOf(join(folder, authorityFile)),
    ]
    return new AgentState(folder, privateKey, certificate, authority)
  }

  get publicKey(): KeyObject {
    return createPublicKey(this.privateKey)
  }

  /** PEM; `null`: it has not enrolled yet. */
  get certificate(): string | null {
    return this.#certificate
  }

  /** PEM, of whom it trusts to say what a gateway is. */
  get authority(): string | null {
    return this.#authority
  }

  async enrolled(certificate: string, authority: string): Promise<void> {
    this.#check(certificate, authority)
    await write(join(this.#folder, authorityFile), authority)
    await write(join(this.#folder, certificateFile), certificate)
    this.#authority = authority
    this.#certificate = certificate
  }

  /** Throws for a certificate that is not of its own key, of the same authority and for the same agent. */
  async renewed(certificate: string): Promise<void> {
    if (this.#authority === null || this.#certificate === null) throw new StateError('it has not enrolled')
    const [now, next] = [
      this.#check(this.#certificate, this.#authority),
      this.#check(certificate, this.#authority),
    ]
    if (now.subject !== next.subject) throw new StateError('the certificate is for another agent')
    if (Date.parse(next.validTo) < Date.parse(now.validTo)) return
    await write(join(this.#folder, certificateFile), certificate)
    this.#certificate = certificate
  }

  #check(certificate: string, authority: string): X509Certificate {
    let found: X509Certificate
    try {
      found = new X509Certificate(certificate)
    } catch (error) {
      throw new StateError('this is no certificate', { cause: error })
    }
    const signer = new X509Certificate(authority)
    if (!found.checkPrivateKey(this.privateKey))
      throw new StateError("the certificate is not of this agent's key")
    if (!found.checkIssued(signer) || !found.verify(signer.publicKey))
      throw new StateError('the certificate is of another authority')
    return found
  }
}

const keyFile = 'agent.key'
const certificateFile = 'agent.pem'
const authorityFile = 'gateways.pem'

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Whole or not at all, and there after a crash. */
async function write(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  {
    await using file = await open(draft, 'wx', 0o600)
    await file.writeFile(text)
    await file.sync()
  }
  await rename(draft, path)
}
