import { bounds } from './bounds.ts'
import { checkSignatureShape } from './signature.ts'
import { all, attribute, childrenOf, named, namespaces, one, parseXml, refuseXml } from './xml.ts'

/** What a provider sent, of a form in which only one reading exists. Nothing of it is verified. */
export interface SamlResponse {
  /** The document that was looked at: what verifies the signature must be given this one. */
  readonly xml: string
  readonly inResponseTo: string
  readonly destination: string | null
  /** As a whole, besides its assertion. */
  readonly isSigned: boolean
}

const success = 'urn:oasis:names:tc:SAML:2.0:status:Success'

/** Elements that stand at one place only. A second one anywhere is the beginning of signature wrapping. */
const once = ['Response', 'Assertion', 'Subject', 'NameID', 'Conditions']
/** What would be read after decryption only, in a document that nobody has looked at. */
const never = ['EncryptedAssertion', 'EncryptedID', 'EncryptedAttribute', 'Advice', 'Object', 'Manifest']

/**
 * The form parameter `SAMLResponse`: one Response with one signed Assertion, in which every ID names one element and
 * every signature stands in what it signs. It closes the ways of signature wrapping, comments and transforms before
 * anything is verified.
 *
 * @throws Refused
 */
export function responseOf(parameter: string): SamlResponse {
  const xml = decoded(parameter)
  const response = parseXml(xml)
  if (!named(response, namespaces.protocol, 'Response')) refuseXml('it is no Response')
  const elements = all(response)
  for (const name of once)
    if (elements.filter(({ localName }) => localName === name).length !== 1)
      refuseXml(`it does not have exactly one ${name}`)
  const unusual = elements.find(({ localName }) => never.includes(localName))
  if (unusual !== undefined) refuseXml(`${unusual.localName} is not accepted`)
  checkIds(elements)
  checkParts(response)
  const assertion = one(response, 'Assertion')
  const signatures = elements.filter(({ localName }) => localName === 'Signature')
  for (const signature of signatures) {
    const parent = signature.parentNode
    if (!named(signature, namespaces.signature, 'Signature') || (parent !== response && parent !== assertion))
      refuseXml('a signature stands where none belongs')
    checkSignatureShape(signature, parent === response ? response : assertion)
  }
  for (const holder of [response, assertion])
    if (signatures.filter(({ parentNode }) => parentNode === holder).length > 1)
      refuseXml('it has two signatures of one element')
  if (!signatures.some(({ parentNode }) => parentNode === assertion))
    refuseXml('its assertion is not signed itself')
  const inResponseTo = attribute(response, 'InResponseTo')
  if (inResponseTo === null) refuseXml('it answers no login that began here')
  const isSigned = signatures.some(({ parentNode }) => parentNode === response)
  return { xml, inResponseTo, destination: attribute(response, 'Destination'), isSigned }
}

function decoded(parameter: string): string {
  if (parameter.length > bounds.responseCharsMax)
    refuseXml(`it is longer than ${bounds.responseCharsMax} characters`)
  const text = parameter.replace(/[\r\n]/g, '')
  const bytes = Buffer.from(text, 'base64')
  if (text === '' || bytes.toString('base64') !== text) refuseXml('it is not base64')
  try {
    // As XML 1.0 §2.11 asks, once and for everybody who reads it after.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r\n?/g, '\n')
  } catch {
    refuseXml('it is not UTF-8')
  }
}

function checkIds(elements: readonly Element[]): void {
  const ids = elements.flatMap((element) =>
    Array.from(element.attributes).flatMap(({ localName, name, value }) =>
      (localName ?? name).toLowerCase() === 'id' ? [value] : [],
    ),
  )
  if (new Set(ids).size !== ids.length) refuseXml('two of its elements have the same ID')
}

function checkParts(response: Element): void {
  const known: readonly (readonly [string, string])[] = [
    [namespaces.assertion, 'Issuer'],
    [namespaces.signature, 'Signature'],
    [namespaces.protocol, 'Status'],
    [namespaces.assertion, 'Assertion'],
  ]
  if (!childrenOf(response).every((child) => known.some(([space, name]) => named(child, space, name))))
    refuseXml('it has parts that a Response does not have')
  if (attribute(response, 'Version') !== '2.0') refuseXml('it is not SAML 2.0')
  const code = one(one(response, 'Status', namespaces.protocol), 'StatusCode', namespaces.protocol)
  if (attribute(code, 'Value') !== success) refuseXml('the provider did not let the person in')
}
