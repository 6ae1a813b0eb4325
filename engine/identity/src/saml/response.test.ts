import { before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { DOMParser, XMLSerializer } from '@xmldom/xmldom'
import { Refused } from '@sluice/core'
import { SignedXml } from 'xml-crypto'
import { scriptedClock } from '../scripted-issuer.ts'
import { secretSource } from '../secrets/source.ts'
import { SamlLogins } from './logins.ts'
import { openSamlProvider } from './provider.ts'
import {
  algorithms,
  answerXml,
  base,
  goodAnswer,
  posted,
  providerConfig,
  publicPem,
  requestIn,
  rsaKeys,
  signed,
} from './scripted-provider.ts'

const keys = rsaKeys()
const stranger = rsaKeys()

/** What an attacker has: a good answer for themselves, with the signature over its assertion, as text. */
interface Capture {
  readonly requestId: string
  /** Signed, by the provider. */
  readonly good: string
  /** The same, unsigned. */
  readonly plain: string
  /** Parts of `good`. */
  readonly assertion: string
  readonly signature: string
  /** The assertion as it was before it was signed. */
  readonly bare: string
  /** An assertion that nobody signed, for somebody else. */
  readonly evil: string
}

function capture(requestId: string): Capture {
  const plain = answerXml(goodAnswer(requestId))
  const good = signed(plain, keys)
  const assertion = /<saml:Assertion.*<\/saml:Assertion>/s.exec(good)?.[0] ?? ''
  const signature = /<ds:Signature.*<\/ds:Signature>/s.exec(assertion)?.[0] ?? ''
  const bare = assertion.replace(signature, '')
  const evil = bare.replace('a1b2c3', 'mallory').replace('ID="_assertion"', 'ID="_evil"')
  return { requestId, good, plain, assertion, signature, bare, evil }
}

/** Puts `content` where the assertion was. */
const around = (c: Capture, content: string): string => c.good.replace(c.assertion, () => content)
const inside = (element: string, content: string): string =>
  element.replace('</saml:Assertion>', () => `${content}</saml:Assertion>`)
const behindIssuer = (element: string, content: string): string =>
  element.replace('</saml:Issuer>', (end) => `${end}${content}`)
const intoSignature = (c: Capture, content: string): string =>
  c.signature.replace('</ds:Signature>', () => `${content}</ds:Signature>`)

type Attack = readonly [number: string, what: string, make: (c: Capture) => string, rule: string]

/** Signature wrapping, by the numbers of Somorovsky et al., "On Breaking SAML" (USENIX Security 2012). */
const wrapping: readonly Attack[] = [
  [
    'T16',
    'XSW1: a copy of the signed Response in the signature of a forged one',
    (c) => {
      const whole = signed(c.plain, keys, { what: 'Response' })
      const signature = /<ds:Signature.*?<\/ds:Signature>/s.exec(whole)?.[0] ?? ''
      const original = whole.replace(signature, '')
      const forged = original.replace('a1b2c3', 'mallory').replace('_response', '_evil')
      const holding = signature.replace('</ds:Signature>', () => `${original}</ds:Signature>`)
      return forged.replace('</saml:Issuer>', (end) => `${end}${holding}`)
    },
    'saml',
  ],
  [
    'T16',
    'XSW2: a copy of the signed Response before the signature of a forged one',
    (c) => {
      const whole = signed(c.plain, keys, { what: 'Response' })
      const signature = /<ds:Signature.*?<\/ds:Signature>/s.exec(whole)?.[0] ?? ''
      const original = whole.replace(signature, '')
      const forged = original.replace('a1b2c3', 'mallory').replace('_response', '_evil')
      return forged.replace('</saml:Issuer>', (end) => `${end}${original}${signature}`)
    },
    'saml',
  ],
  ['T16', 'XSW3: a forged assertion before the signed one', (c) => around(c, c.evil + c.assertion), 'saml'],
  [
    'T16',
    'XSW4: a forged assertion around the signed one',
    (c) => around(c, inside(c.evil, c.assertion)),
    'saml',
  ],
  [
    'T16',
    'XSW5: the signature in a forged assertion, and what it signs at the end',
    (c) => around(c, behindIssuer(c.evil, c.signature) + c.bare),
    'saml',
  ],
  [
    'T16',
    'XSW6: the signed assertion in the signature of a forged one',
    (c) => around(c, behindIssuer(c.evil, intoSignature(c, c.bare))),
    'saml',
  ],
  [
    'T16',
    'XSW7: a forged assertion in Extensions',
    (c) => around(c, `<samlp:Extensions>${c.evil}</samlp:Extensions>${c.assertion}`),
    'saml',
  ],
  [
    'T16',
    'XSW8: the signed assertion in an Object of the signature of a forged one',
    (c) => around(c, behindIssuer(c.evil, intoSignature(c, `<ds:Object>${c.bare}</ds:Object>`))),
    'saml',
  ],
  [
    'T16',
    'two assertions of one ID',
    (c) => around(c, c.evil.replace('_evil', '_assertion') + c.assertion),
    'saml',
  ],
  [
    'T16',
    'an ID that is spelled otherwise',
    (c) => c.good.replace('<samlp:Status>', '<samlp:Status Id="_assertion">'),
    'saml',
  ],
  [
    'T16',
    'a forged assertion in another namespace',
    (c) =>
      around(c, c.evil.replaceAll('saml:', 'x:').replace('xmlns:x=', 'xmlns:y="" xmlns:x=') + c.assertion),
    'saml',
  ],
  [
    'T16',
    'a second Subject in the signed assertion',
    (c) => around(c, inside(c.assertion, '<saml:Subject><saml:NameID>mallory</saml:NameID></saml:Subject>')),
    'saml',
  ],
  [
    'T16',
    'a forged assertion in Advice',
    (c) => around(c, inside(c.assertion, `<saml:Advice>${c.evil}</saml:Advice>`)),
    'saml',
  ],
]

const contents: readonly Attack[] = [
  ['T17', 'a comment in the NameID', (c) => c.good.replace('a1b2c3', 'a1<!---->b2c3'), 'saml'],
  ['T17', 'a comment with words in the NameID', (c) => c.good.replace('a1b2c3', 'a1b2<!-- x -->c3'), 'saml'],
  ['T17', 'a comment in an attribute value', (c) => c.good.replace('analysts', 'ana<!---->lysts'), 'saml'],
  ['T17', 'CDATA in the NameID', (c) => c.good.replace('a1b2c3', '<![CDATA[a1b2c3]]>'), 'saml'],
  ['T17', 'a processing instruction in the NameID', (c) => c.good.replace('a1b2c3', 'a1<?x y?>b2c3'), 'saml'],
  [
    'T17',
    'an element in the NameID, signed',
    (c) => signed(c.plain.replace('a1b2c3', 'mallory<x xmlns="urn:x"/>'), keys),
    'saml',
  ],
  ['T16', 'another NameID', (c) => c.good.replace('a1b2c3', 'mallory'), 'signature'],
  ['T16', 'another group', (c) => c.good.replace('analysts', 'dba'), 'signature'],
  ['T16', 'no signature at all', (c) => c.plain, 'saml'],
  [
    'T18',
    'an unsigned assertion in a signed Response',
    (c) => signed(c.plain, keys, { what: 'Response' }),
    'saml',
  ],
  ['T16', 'a signature by somebody else', (c) => signed(c.plain, stranger), 'signature'],
  [
    'T16',
    'a key of the attacker, brought along',
    (c) =>
      signed(c.plain, stranger).replace(
        '</ds:Signature>',
        `<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>${String(stranger.publicKey.export({ format: 'jwk' })['n'])}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo></ds:Signature>`,
      ),
    'signature',
  ],
  [
    'T16',
    'a certificate of the attacker, brought along',
    (c) =>
      signed(c.plain, stranger).replace(
        '</ds:Signature>',
        `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${publicPem(stranger).replace(/-----[^-]+-----|\s/g, '')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>`,
      ),
    'signature',
  ],
  ['T18', 'SHA-1 for the signature', (c) => signed(c.plain, keys, { algorithm: algorithms.sha1 }), 'saml'],
  ['T18', 'SHA-1 for the digest', (c) => signed(c.plain, keys, { digest: algorithms.digest1 }), 'saml'],
  [
    'T18',
    'an HMAC with the public key',
    (c) => signed(c.plain, keys, { algorithm: algorithms.hmac, hmac: publicPem(keys) }),
    'saml',
  ],
  ['T18', 'no algorithm', (c) => c.good.replace(algorithms.sha256, 'none'), 'saml'],
  ['T18', 'an empty algorithm', (c) => c.good.replace(algorithms.sha256, ''), 'saml'],
  ['T18', 'an empty SignatureValue', (c) => c.good.replace(/(<ds:SignatureValue>)[^<]*/, '$1'), 'signature'],
  [
    'T18',
    'inclusive canonicalisation',
    (c) => signed(c.plain, keys, { canonicalization: algorithms.inclusive }),
    'saml',
  ],
  [
    'T18',
    'canonicalisation with comments',
    (c) =>
      signed(c.plain, keys, { transforms: [algorithms.enveloped, `${algorithms.exclusive}WithComments`] }),
    'saml',
  ],
  [
    'T18',
    'no transform that canonicalises',
    (c) => signed(c.plain, keys, { transforms: [algorithms.enveloped] }),
    'saml',
  ],
  [
    'T18',
    'transforms the other way round',
    (c) => signed(c.plain, keys, { transforms: [algorithms.exclusive, algorithms.enveloped] }),
    'saml',
  ],
  [
    'T18',
    'an XPath transform',
    (c) =>
      c.good.replace(
        '<ds:Transforms>',
        '<ds:Transforms><ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>not(ancestor-or-self::*)</ds:XPath></ds:Transform>',
      ),
    'saml',
  ],
  [
    'T18',
    'an XSLT in place of a transform',
    (c) => c.good.replace(algorithms.enveloped, 'http://www.w3.org/TR/1999/REC-xslt-19991116'),
    'saml',
  ],
  ['T18', 'a second reference', (c) => c.good.replace(/(<ds:Reference .*<\/ds:Reference>)/s, '$1$1'), 'saml'],
  ['T18', 'no reference', (c) => c.good.replace(/<ds:Reference .*<\/ds:Reference>/s, ''), 'saml'],
  ['T18', 'a reference to the whole document', (c) => c.good.replace('URI="#_assertion"', 'URI=""'), 'saml'],
  [
    'T18',
    'a reference by XPointer',
    (c) => c.good.replace('URI="#_assertion"', 'URI="#xpointer(/)"'),
    'saml',
  ],
  [
    'T18',
    'a reference to another host',
    (c) => c.good.replace('URI="#_assertion"', 'URI="https://evil.example/a"'),
    'saml',
  ],
  [
    'T18',
    'a second SignedInfo',
    (c) => c.good.replace(/(<ds:SignedInfo>.*<\/ds:SignedInfo>)/s, '$1$1'),
    'saml',
  ],
  ['T18', 'a second signature', (c) => c.good.replace(c.signature, () => c.signature + c.signature), 'saml'],
  [
    'T18',
    'a DigestValue with a comment',
    (c) => c.good.replace('<ds:DigestValue>', '<ds:DigestValue><!--x-->'),
    'saml',
  ],
  [
    'T18',
    'an element in the DigestValue',
    (c) => c.good.replace('<ds:DigestValue>', '<ds:DigestValue><x/>'),
    'saml',
  ],
  [
    'T18',
    'a document type with an entity',
    (c) => `<!DOCTYPE r [<!ENTITY n "mallory">]>${c.good.replace('a1b2c3', '&n;')}`,
    'saml',
  ],
  [
    'T18',
    'an external entity',
    (c) => `<!DOCTYPE r [<!ENTITY n SYSTEM "file:///etc/passwd">]>${c.good.replace('a1b2c3', '&n;')}`,
    'saml',
  ],
  [
    'T18',
    'entities that grow',
    (c) => `<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;">]>${c.good.replace('a1b2c3', '&b;')}`,
    'saml',
  ],
  ['T18', 'an entity that nobody declared', (c) => c.good.replace('a1b2c3', 'a1b2c3&x;'), 'saml'],
  [
    'T18',
    'a declaration of another encoding',
    (c) => `<?xml version="1.0" encoding="UTF-7"?>${c.good}`,
    'saml',
  ],
  ['T18', 'a style sheet', (c) => `<?xml-stylesheet href="https://evil.example"?>${c.good}`, 'saml'],
  ['T18', 'two roots', (c) => c.good + c.good, 'saml'],
  ['T18', 'text behind the root', (c) => `${c.good}x`, 'saml'],
  [
    'T18',
    'an attribute twice',
    (c) => c.good.replace('Version="2.0"', 'Version="2.0" Version="2.0"'),
    'saml',
  ],
  ['T18', 'a tag that does not close', (c) => c.good.replace('</saml:Subject>', ''), 'saml'],
  [
    'T18',
    'tags that overlap',
    (c) => c.good.replace('</saml:Subject>', '</saml:Issuer></saml:Subject>'),
    'saml',
  ],
  ['T18', 'an attribute without quotes', (c) => c.good.replace('Version="2.0"', 'Version=2.0'), 'saml'],
  ['T18', 'an attribute without a value', (c) => c.good.replace('Version="2.0"', 'Version="2.0" x'), 'saml'],
  [
    'T18',
    'a prefix that is not bound',
    (c) => c.good.replace('<samlp:Status>', '<samlp:Status z:y="x">'),
    'saml',
  ],
  ['T18', 'a zero byte', (c) => c.good.replace('a1b2c3', 'a1\0b2c3'), 'saml'],
  ['T18', 'a reference to a zero byte', (c) => c.good.replace('a1b2c3', 'a1&#0;b2c3'), 'saml'],
  [
    'T18',
    'elements without end',
    (c) => c.good.replace('<samlp:Status>', `<samlp:Status>${'<x>'.repeat(5000)}${'</x>'.repeat(5000)}`),
    'saml',
  ],
  [
    'T18',
    'more elements than anybody writes',
    (c) => c.good.replace('<samlp:Status>', `<samlp:Status>${'<x/>'.repeat(1000)}`),
    'saml',
  ],
  [
    'T18',
    'more attributes than anybody writes',
    (c) => c.good.replace('<samlp:Status>', `<samlp:Status${numbered((n) => ` a${n}=""`)}>`),
    'saml',
  ],
  [
    'T18',
    'more prefixes than anybody writes',
    (c) => c.good.replace('<samlp:Status>', `<samlp:Status>${numbered((n) => `<x xmlns:p${n}="u"/>`)}`),
    'saml',
  ],
  [
    'T18',
    'an encrypted assertion',
    (c) => around(c, '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>'),
    'saml',
  ],
  [
    'T18',
    'an encrypted NameID beside the other',
    (c) => around(c, inside(c.assertion, '<saml:EncryptedID/>')),
    'saml',
  ],
  ['T18', 'no XML', () => 'SAML', 'saml'],
  ['T18', 'nothing', () => '', 'saml'],
  ['T18', 'a logout response', (c) => c.good.replaceAll('samlp:Response', 'samlp:LogoutResponse'), 'saml'],
]

function numbered(part: (number: number) => string): string {
  return Array.from({ length: 33 }, (_, number) => part(number)).join('')
}

suite('an answer of a SAML provider', () => {
  let logins: SamlLogins
  before(async () => {
    const provider = await openSamlProvider(
      providerConfig(keys),
      base,
      secretSource({ base: '.', env: {}, clock: scriptedClock() }),
      scriptedClock(),
    )
    logins = new SamlLogins([provider], scriptedClock())
  })

  async function outcome(make: (c: Capture) => string): Promise<string> {
    const { login_url } = await logins.start('adfs', {
      redirect_uri: 'http://127.0.0.1:5000/callback',
      state: 'state-of-this-login',
      code_challenge: 'x'.repeat(43),
    })
    const { id, relayState } = requestIn(login_url)
    try {
      await logins.finish('adfs', posted(make(capture(id))), relayState)
      return 'accepted'
    } catch (error) {
      assert.ok(error instanceof Refused, String(error))
      assert.equal(error.refusal.code, 'token_refused')
      assert.doesNotMatch(error.refusal.message, /mallory|evil/)
      return error.refusal.rule.replace('identity/', '')
    }
  }

  test('is accepted when nothing is wrong with it', async () =>
    assert.equal(await outcome((c) => c.good), 'accepted'))

  for (const [number, what, make, rule] of [...wrapping, ...contents])
    test(`${number} ${what}: ${rule}`, async () => {
      const sample = capture('_x')
      assert.notEqual(make(sample), sample.good, 'the attack changes nothing')
      assert.equal(await outcome(make), rule)
    })

  test('T16 wrapping does work on who verifies one thing and reads another', () => {
    const fooled = wrapping.slice(0, 8).filter(([, , make]) => careless(make(capture('_x'))) === 'mallory')
    assert.ok(fooled.length >= 6, `only ${fooled.length} of 8 are real attacks`)
  })
})

/** Who has a good signature found anywhere, and then reads the first NameID. */
function careless(xml: string): string | undefined {
  const document = new DOMParser().parseFromString(xml, 'text/xml')
  const signature = document.getElementsByTagNameNS('http://www.w3.org/2000/09/xmldsig#', 'Signature')[0]
  if (signature === undefined) return undefined
  const verifier = new SignedXml({ publicCert: publicPem(keys) })
  verifier.loadSignature(new XMLSerializer().serializeToString(signature))
  try {
    if (!verifier.checkSignature(xml)) return undefined
  } catch {
    return undefined
  }
  const names = document.getElementsByTagNameNS('urn:oasis:names:tc:SAML:2.0:assertion', 'NameID')
  return Array.from(names, ({ textContent }) => textContent ?? '').find((name) => name === 'mallory')
}
