import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto'
import type { SamlConfig } from '@node-saml/node-saml'
import type { Clock } from '@sluice/core'
import { isTrustworthyUrl } from '../issuer-document.ts'
import { checkMappings, checkName, IssuerConfigError, subjectTerms, type SubjectTerms } from '../issuer.ts'
import type { GroupMapping } from '../mapping.ts'
import { IssuerTally } from '../issuer-state.ts'
import { refuse } from '../refuse.ts'
import type { SamlResponse } from './response.ts'
import type { SecretReference } from '../secrets/reference.ts'
import { readSecret, type SecretSource } from '../secrets/source.ts'

/** One `identity.issuers` entry of kind `saml`. Its attributes are the claims of its subjects. */
export interface SamlIssuerConfig {
  /** Short name, the first half of each subject id and part of the URLs here. */
  readonly name: string
  readonly kind: 'saml'
  /** Entity id of the provider. */
  readonly issuer: string
  /** Our entity id. */
  readonly audience: string
  /** Where people log in: HTTP-Redirect binding. */
  readonly sign_on_url: string
  /** PEM of the provider's signing certificates; several while it rotates them. */
  readonly certificates: readonly SecretReference[]
  /** Attribute that names the subject, in place of its persistent NameID. */
  readonly subject_claim?: string
  readonly groups_claim?: string
  readonly type_claim?: string
  readonly claims?: readonly string[]
  readonly mappings?: readonly GroupMapping[]
  /** What people call it when they sign in at the console; default: its name. */
  readonly console?: { readonly label?: string }
}

/** A provider as its assertions are checked against it. */
export interface SamlProvider extends SubjectTerms {
  readonly name: string
  /** Its entity id. */
  readonly url: string
  readonly audience: string
  /** Where it posts its answers. */
  readonly recipient: string
  readonly subjectClaim: string | null
  readonly tally: IssuerTally
  /** The service provider's metadata, to be given to the identity provider. */
  readonly metadata: string
  /** URL at which a person logs in, for the request of that id. `again`: even if the provider knows who they are. */
  loginUrl(requestId: string, relayState: string, again: boolean): Promise<string>
  /** The assertion that a good signature covers, and nothing else. Throws `Refused`. */
  verify(response: Pick<SamlResponse, 'xml' | 'isSigned'>): Promise<string>
}

/** What the configuration says, looked at without reading any file. Throws `IssuerConfigError`. */
export function checkSamlIssuer(config: SamlIssuerConfig): void {
  const { name, audience, sign_on_url: url, certificates } = config
  checkName(name)
  if (audience === '') throw new IssuerConfigError(name, 'audience is empty')
  // Some providers tell their customers apart in the query.
  if (!isTrustworthyUrl(url.replace(/\?[^#]*$/, '')))
    throw new IssuerConfigError(name, 'sign_on_url must be https, or http on this machine')
  if (certificates.length === 0) throw new IssuerConfigError(name, 'certificates are missing')
  checkMappings(config)
}

/** `base`: the URL of this API. Throws `IssuerConfigError` or `SecretError`. */
export async function openSamlProvider(
  config: SamlIssuerConfig,
  base: string,
  source: SecretSource,
  clock: Clock,
): Promise<SamlProvider> {
  checkSamlIssuer(config)
  // Every command loads this file, and only a gateway with such a provider has a use for the library.
  const { SAML } = await import('@node-saml/node-saml')
  const { name, issuer: url, audience } = config
  const keys = await Promise.all(config.certificates.map((reference) => readSecret(reference, source)))
  const recipient = `${base.replace(/\/$/, '')}/v1/saml/${name}/acs`
  const subjectClaim = config.subject_claim ?? null
  const options = samlOptions(
    config,
    recipient,
    keys.map((pem) => pemOf(pem, name)),
  )
  return {
    name,
    url,
    audience,
    recipient,
    subjectClaim,
    tally: new IssuerTally(clock),
    ...subjectTerms(config),
    metadata: new SAML(options).generateServiceProviderMetadata(null),
    loginUrl: (requestId, relayState, again) =>
      new SAML({ ...options, forceAuthn: again, generateUniqueId: () => requestId }).getAuthorizeUrlAsync(
        relayState,
        undefined,
        {},
      ),
    async verify({ xml, isSigned }) {
      // An assertion is signed in any case. Where the Response is as well, that signature must be good, too.
      const verifier = new SAML({ ...options, wantAuthnResponseSigned: isSigned })
      const answer = { SAMLResponse: Buffer.from(xml).toString('base64') }
      const { profile } = await verifier.validatePostResponseAsync(answer).catch(refuseSignature)
      return profile?.getAssertionXml?.() ?? refuseSignature()
    },
  }
}

function refuseSignature(cause?: unknown): never {
  refuse('signature', 'The assertion of the provider cannot be verified: its signature is not good.', cause)
}

/**
 * The library verifies signatures and writes requests. What an assertion says is read from what its signature covers
 * (`readAssertion`), with one parser and our clock, and so is not asked here; nor does it look at recipients.
 */
function samlOptions(config: SamlIssuerConfig, callbackUrl: string, idpCert: string[]): SamlConfig {
  const { audience, sign_on_url: entryPoint, subject_claim: subjectClaim } = config
  return {
    issuer: audience,
    audience: false,
    callbackUrl,
    entryPoint,
    idpCert,
    wantAssertionsSigned: true,
    acceptedClockSkewMs: -1,
    disableRequestedAuthnContext: true,
    identifierFormat:
      subjectClaim === undefined ? 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent' : null,
    signatureAlgorithm: 'sha256',
  }
}

const rsaBitsMin = 2048

/** The key alone: what else a certificate says, its provider has promised by giving it. */
function pemOf(pem: string, name: string): string {
  const key = keyOf(pem, name)
  if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < rsaBitsMin)
    throw new IssuerConfigError(name, `certificates need RSA keys of ${rsaBitsMin} bits or more`)
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

function keyOf(pem: string, name: string): KeyObject {
  try {
    if (pem.includes('PRIVATE KEY')) throw new Error('a private key is nobody else’s')
    return pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem)
  } catch {
    throw new IssuerConfigError(name, 'certificates must be PEM files of one certificate or public key each')
  }
}
