import { attribute, childrenOf, named, namespaces, one, refuseXml, textOf } from './xml.ts'

/** Hashes that still stand, over RSA keys: no SHA-1, and nothing symmetric, whose key would be public. */
const signatureMethods: readonly (string | null)[] = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
]
const digestMethods: readonly (string | null)[] = [
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512',
]
const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'

/**
 * A signature of the one form that SAML asks for (Core 2.0 §5.4): it stands in what it signs, names that by its ID,
 * and takes away nothing of it but itself. Says nothing of whether it is valid.
 *
 * @throws Refused
 */
export function checkSignatureShape(signature: Element, signed: Element): void {
  const parts = childrenOf(signature)
  const [info, , ...rest] = parts
  if (info === undefined || !ordered(parts, ['SignedInfo', 'SignatureValue', ...rest.map(() => 'KeyInfo')]))
    refuseXml('its signature has parts that a signature of SAML does not have')
  textOf(one(signature, 'SignatureValue', namespaces.signature))
  const steps = childrenOf(info)
  const [canonical, method, reference] = steps
  if (
    canonical === undefined ||
    method === undefined ||
    reference === undefined ||
    !ordered(steps, ['CanonicalizationMethod', 'SignatureMethod', 'Reference'])
  )
    refuseXml('its signature does not sign exactly one thing')
  if (!isExclusive(canonical)) refuseXml('its signature is canonicalised in a way that is not accepted')
  if (!signatureMethods.includes(attribute(method, 'Algorithm')) || childrenOf(method).length > 0)
    refuseXml('its signature is not RSA with SHA-256 or SHA-512')
  checkReference(reference, signed)
}

function checkReference(reference: Element, signed: Element): void {
  const id = attribute(signed, 'ID')
  if (id === null || !/^[A-Za-z_][A-Za-z0-9_.-]{0,255}$/.test(id) || attribute(reference, 'URI') !== `#${id}`)
    refuseXml('its signature signs something else than what it stands in')
  const parts = childrenOf(reference)
  const [list, digest, value] = parts
  if (
    list === undefined ||
    digest === undefined ||
    value === undefined ||
    !ordered(parts, ['Transforms', 'DigestMethod', 'DigestValue'])
  )
    refuseXml('the reference of its signature has another form')
  const steps = childrenOf(list)
  const [first, second] = steps
  if (
    !ordered(steps, ['Transform', 'Transform']) ||
    first === undefined ||
    attribute(first, 'Algorithm') !== enveloped ||
    childrenOf(first).length > 0 ||
    second === undefined ||
    !isExclusive(second)
  )
    refuseXml('its signature transforms what it signs')
  if (!digestMethods.includes(attribute(digest, 'Algorithm')) || childrenOf(digest).length > 0)
    refuseXml('its signature is not over SHA-256 or SHA-512')
  textOf(value)
}

/** Exclusive canonicalisation without comments; prefixes that it keeps are names and no more. */
function isExclusive(element: Element): boolean {
  return (
    attribute(element, 'Algorithm') === namespaces.exclusive &&
    childrenOf(element).every(
      (child) => named(child, namespaces.exclusive, 'InclusiveNamespaces') && childrenOf(child).length === 0,
    )
  )
}

function ordered(elements: readonly Element[], names: readonly string[]): boolean {
  return (
    elements.length === names.length &&
    elements.every((element, at) => named(element, namespaces.signature, names[at] ?? ''))
  )
}
