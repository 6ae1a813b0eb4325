import { DOMParser } from '@xmldom/xmldom'
import { refuse } from '../refuse.ts'
import { bounds } from './bounds.ts'

export const namespaces = {
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
  exclusive: 'http://www.w3.org/2001/10/xml-exc-c14n#',
} as const

/**
 * The root element of a document without anything that two parsers could read differently: no document type, no
 * entities of its own, no comments, no processing instructions, no CDATA, no warning of the parser. All of these are
 * legal XML that no identity provider needs.
 *
 * @throws Refused
 */
export function parseXml(text: string): Element {
  const body = text.replace(
    /^<\?xml version="1\.0"( encoding="(utf|UTF)-8")?( standalone="(yes|no)")?\s*\?>/,
    '',
  )
  // In XML `<` stands for itself nowhere, so that these are never content.
  if (/<[!?]/.test(body))
    refuseXml('it holds a document type, comment, CDATA section or processing instruction')
  if (/&(?!(amp|lt|gt|quot|apos|#(?:[1-9]\d{1,6}|x[1-9a-fA-F][0-9a-fA-F]{1,5}|9|x9|xA|xa));)/.test(body))
    refuseXml('it holds an entity that XML itself does not know')
  if (/[\p{Cs}\ufffe\uffff]|(?![\t\n])\p{Cc}/u.test(body))
    refuseXml('it holds characters that XML does not admit')
  // The parser closes what was left open: then what it reads is not what the signer wrote.
  checkTags(body)
  const complaints: string[] = []
  const root = rootOf(body, complaints)
  if (root === null || complaints.length > 0) refuseXml('it is not well-formed')
  if (all(root).some(isUnbound)) refuseXml('a prefix in it stands for nothing')
  return root
}

const name = /[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?/.source
const attributeOf = (part: string): string => `\\s+${part}\\s*=\\s*(?:"[^"<]*"|'[^'<]*')`
const attributes = `(?:${attributeOf(name)})*`
const oneAttribute = new RegExp(attributeOf(`(${name})`), 'g')
const piece = new RegExp(
  `[^<]+|<(?<open>${name})${attributes}\\s*(?<empty>/?)>|</(?<close>${name})\\s*>`,
  'y',
)

/**
 * Text and tags to the end, each closed by its own, in order, and no more of them than any provider writes: nothing is
 * built of what is larger, and canonicalisation, which recurses, does not see what is deeper.
 */
function checkTags(text: string): void {
  const open: string[] = []
  const prefixes = new Set<string>()
  let count = 0
  piece.lastIndex = 0
  while (piece.lastIndex < text.length) {
    const found = piece.exec(text)
    if (found?.groups === undefined) refuseXml('it is not well-formed')
    const { open: opened, empty, close } = found.groups
    if (close !== undefined && open.pop() !== close) refuseXml('it is not well-formed')
    if (opened === undefined) continue
    count++
    if (empty === '') open.push(opened)
    const names = found[0].length > bounds.tagCharsMax ? null : attributesIn(found[0])
    for (const each of names ?? []) if (each.startsWith('xmlns:')) prefixes.add(each)
    if (
      names === null ||
      count > bounds.elementsMax ||
      open.length > bounds.depthMax ||
      names.length > bounds.attributesMax ||
      prefixes.size > bounds.prefixesMax
    )
      refuseXml('it is too deep or too large')
  }
  if (open.length > 0) refuseXml('it is not well-formed')
}

function attributesIn(tag: string): readonly string[] {
  return Array.from(tag.matchAll(oneAttribute), ([, found = '']) => found)
}

function rootOf(text: string, complaints: string[]): Element | null {
  const parser = new DOMParser({
    errorHandler: (_level: string, message: unknown) => complaints.push(String(message)),
  })
  try {
    const document = parser.parseFromString(text, 'text/xml')
    const others = Array.from(document.childNodes).filter((node) => node !== document.documentElement)
    return others.every((node) => (node.nodeValue ?? 'x').trim() === '') ? document.documentElement : null
  } catch (error) {
    complaints.push(String(error))
    return null
  }
}

function isUnbound(element: Element): boolean {
  const nodes: readonly (Element | Attr)[] = [element, ...Array.from(element.attributes)]
  return nodes.some(({ prefix, namespaceURI }) => (prefix ?? '') !== '' && (namespaceURI ?? '') === '')
}

export function childrenOf(element: Element): readonly Element[] {
  return Array.from(element.childNodes).filter((node): node is Element => node.nodeType === 1)
}

/** An element and everything below it, in the order of the document. */
export function all(element: Element): readonly Element[] {
  return [element, ...childrenOf(element).flatMap(all)]
}

export function named(element: Element, namespace: string, name: string): boolean {
  return element.namespaceURI === namespace && element.localName === name
}

/** Children of that name in the namespace of assertions. */
export function some(element: Element, name: string): readonly Element[] {
  return childrenOf(element).filter((child) => named(child, namespaces.assertion, name))
}

/** The one child of that name. Throws `Refused` when there is none or another. */
export function one(element: Element, name: string, namespace: string = namespaces.assertion): Element {
  const [first, ...others] = childrenOf(element).filter((child) => named(child, namespace, name))
  if (first === undefined || others.length > 0)
    refuseXml(`it needs exactly one ${name} in its ${element.localName}`)
  return first
}

/** All text of an element that holds nothing else. */
export function textOf(element: Element): string {
  const nodes = Array.from(element.childNodes)
  if (!nodes.every(({ nodeType }) => nodeType === 3))
    refuseXml(`its ${element.localName} holds more than text`)
  return nodes.map(({ nodeValue }) => nodeValue ?? '').join('')
}

/** `null`: it is not there. */
export function attribute(element: Element, name: string): string | null {
  return element.hasAttribute(name) ? element.getAttribute(name) : null
}

export function refuseXml(why: string): never {
  refuse('saml', `The answer of the identity provider is not accepted: ${why}.`)
}
