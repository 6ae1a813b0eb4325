import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import { SignedXml } from 'xml-crypto'
import { noon } from '../scripted-issuer.ts'
import type { SamlIssuerConfig } from './provider.ts'

/** For tests: an identity provider of SAML that says and signs whatever a test wants. */

export const base = 'https://gateway.example'
export const acs: string = `${base}/v1/saml/adfs/acs`
export const entityId = 'https://idp.example/saml'

export interface ProviderKeys {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export function rsaKeys(modulusLength = 2048): ProviderKeys {
  return generateKeyPairSync('rsa', { modulusLength })
}

export function publicPem({ publicKey }: ProviderKeys): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

export function providerConfig(keys: ProviderKeys): SamlIssuerConfig {
  return {
    name: 'adfs',
    kind: 'saml',
    issuer: entityId,
    audience: 'https://gateway.example/saml',
    sign_on_url: 'https://idp.example/sso?customer=1',
    certificates: [{ literal: publicPem(keys) }],
    type_claim: 'kind',
  }
}

/** Everything an answer says; a test changes what it wants. */
export interface Answer {
  readonly responseId: string
  readonly assertionId: string
  readonly inResponseTo: string
  readonly confirmedInResponseTo: string
  readonly destination: string
  readonly recipient: string
  readonly issuer: string
  readonly audience: string
  readonly nameId: string
  readonly format: string
  readonly method: string
  readonly status: string
  readonly notBefore: string
  readonly notOnOrAfter: string
  readonly confirmedNotOnOrAfter: string
  /** Attributes of AuthnStatement. */
  readonly session: string
  readonly conditions: string
  readonly attributes: Readonly<Record<string, readonly string[]>>
}

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}

export function goodAnswer(inResponseTo: string): Answer {
  return {
    responseId: '_response',
    assertionId: '_assertion',
    inResponseTo,
    confirmedInResponseTo: inResponseTo,
    destination: acs,
    recipient: acs,
    issuer: entityId,
    audience: 'https://gateway.example/saml',
    nameId: 'a1b2c3',
    format: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    method: 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
    status: 'urn:oasis:names:tc:SAML:2.0:status:Success',
    notBefore: iso(noon - 60_000),
    notOnOrAfter: iso(noon + 300_000),
    confirmedNotOnOrAfter: iso(noon + 300_000),
    session: '',
    conditions: '',
    attributes: { groups: ['analysts'], kind: ['human'] },
  }
}

export function answerXml(a: Answer): string {
  const attributes = Object.entries(a.attributes).map(
    ([name, values]) =>
      `<saml:Attribute Name="${name}">${values.map((value) => `<saml:AttributeValue>${value}</saml:AttributeValue>`).join('')}</saml:Attribute>`,
  )
  return [
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="${a.responseId}" Version="2.0" IssueInstant="${iso(noon)}" Destination="${a.destination}" InResponseTo="${a.inResponseTo}">`,
    `<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${a.issuer}</saml:Issuer>`,
    `<samlp:Status><samlp:StatusCode Value="${a.status}"/></samlp:Status>`,
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${a.assertionId}" Version="2.0" IssueInstant="${iso(noon)}">`,
    `<saml:Issuer>${a.issuer}</saml:Issuer>`,
    `<saml:Subject><saml:NameID Format="${a.format}">${a.nameId}</saml:NameID><saml:SubjectConfirmation Method="${a.method}">`,
    `<saml:SubjectConfirmationData NotOnOrAfter="${a.confirmedNotOnOrAfter}" Recipient="${a.recipient}" InResponseTo="${a.confirmedInResponseTo}"/>`,
    `</saml:SubjectConfirmation></saml:Subject>`,
    `<saml:Conditions NotBefore="${a.notBefore}" NotOnOrAfter="${a.notOnOrAfter}"><saml:AudienceRestriction><saml:Audience>${a.audience}</saml:Audience></saml:AudienceRestriction>${a.conditions}</saml:Conditions>`,
    `<saml:AuthnStatement AuthnInstant="${iso(noon)}" ${a.session}><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    `<saml:AttributeStatement>${attributes.join('')}</saml:AttributeStatement></saml:Assertion></samlp:Response>`,
  ].join('')
}

export interface Signing {
  readonly what?: 'Assertion' | 'Response'
  readonly algorithm?: string
  readonly digest?: string
  readonly canonicalization?: string
  readonly transforms?: readonly string[]
  /** Signs with the text as the key of an HMAC. */
  readonly hmac?: string
}

export const algorithms = {
  sha256: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  sha1: 'http://www.w3.org/2000/09/xmldsig#rsa-sha1',
  hmac: 'http://www.w3.org/2000/09/xmldsig#hmac-sha1',
  digest256: 'http://www.w3.org/2001/04/xmlenc#sha256',
  digest1: 'http://www.w3.org/2000/09/xmldsig#sha1',
  enveloped: 'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
  exclusive: 'http://www.w3.org/2001/10/xml-exc-c14n#',
  inclusive: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
} as const

export function signed(xml: string, keys: ProviderKeys, how: Signing = {}): string {
  const signature = new SignedXml({
    privateKey: how.hmac ?? keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    signatureAlgorithm: how.algorithm ?? algorithms.sha256,
    canonicalizationAlgorithm: how.canonicalization ?? algorithms.exclusive,
  })
  if (how.hmac !== undefined) signature.enableHMAC()
  const xpath = `//*[local-name(.)='${how.what ?? 'Assertion'}']`
  signature.addReference({
    xpath,
    digestAlgorithm: how.digest ?? algorithms.digest256,
    transforms: [...(how.transforms ?? [algorithms.enveloped, algorithms.exclusive])],
  })
  signature.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: `${xpath}/*[local-name(.)='Issuer']`, action: 'after' },
  })
  return signature.getSignedXml()
}

export function posted(xml: string): string {
  return Buffer.from(xml).toString('base64')
}

/** What the browser takes to the provider. */
export function requestIn(loginUrl: string): {
  readonly id: string
  readonly relayState: string
  readonly xml: string
} {
  const parameters = new URL(loginUrl).searchParams
  const xml = inflateRawSync(Buffer.from(parameters.get('SAMLRequest') ?? '', 'base64')).toString()
  return { id: / ID="([^"]+)"/.exec(xml)?.[1] ?? '', relayState: parameters.get('RelayState') ?? '', xml }
}
