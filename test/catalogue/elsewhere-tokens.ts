import type { Elsewhere } from './elsewhere.ts'

const core = 'engine/core/src'
const identity = 'engine/identity/src'
const saml = 'engine/identity/src/saml'

/** Numbers of the adversarial catalogue whose attacks are on tokens and assertions: their tests are tables beside the code. */
export const elsewhereOfTokens: readonly Elsewhere[] = [
  {
    id: 'C18',
    stake: 'a certificate of SSH opens what it is not for, or for longer, or by another authority',
    tests: [
      [`${core}/gate.test.ts`, 'a proof opens the targets that it is good for'],
      [`${identity}/ssh/certified.test.ts`, 'before its time, and from its end on'],
      [`${identity}/ssh/certified.test.ts`, 'from an address that it is not for'],
      [`${identity}/ssh/certified.test.ts`, 'which is not understood'],
      [`${identity}/ssh/certified.test.ts`, 'is handed on, whatever the certificate is shown for'],
      [`${identity}/ssh/certified.test.ts`, 'signed by a key that the authority certified'],
      ['test/contract/ssh-certificates.test.ts', 'that ssh-keygen signed with the authority’s key are good'],
    ],
  },
  {
    id: 'T1',
    stake: 'a token without a signature speaks for anybody',
    tests: [
      [`${identity}/access-token.test.ts`, "'alg none, with bytes for a signature'"],
      [`${identity}/access-token.test.ts`, "'alg nOnE'"],
      [`${identity}/access-token.test.ts`, "'an empty signature'"],
      [`${identity}/algorithm.test.ts`, "'A.5 none'"],
    ],
  },
  {
    id: 'T2',
    stake: 'a public key serves as the secret of an HMAC, or under another algorithm',
    tests: [
      [`${identity}/access-token.test.ts`, "'HS256 with the public key'"],
      [`${identity}/access-token.test.ts`, "'RSA key under an ECDSA algorithm'"],
      [`${identity}/algorithm.test.ts`, "'A.1 HS256'"],
      [`${identity}/algorithm.test.ts`, "'A.2 under PS256'"],
    ],
  },
  {
    id: 'T3',
    stake: 'a token brings or names the key that it is checked with',
    tests: [
      [`${identity}/access-token.test.ts`, "'kid that is a path'"],
      [`${identity}/access-token.test.ts`, "'unknown crit'"],
      [`${identity}/access-token.test.ts`, 'jku, x5u, x5c and jwk are not looked at'],
      [`${identity}/algorithm.test.ts`, "'E crit that nobody may understand'"],
    ],
  },
  {
    id: 'T4',
    stake: 'a signature at the edges of its arithmetic is good for everything',
    tests: [
      [`${identity}/access-token.test.ts`, 'T4 ES256 on P-384'],
      [`${identity}/access-token.test.ts`, 'T4 a small RSA key'],
      [`${identity}/algorithm.test.ts`, 'T4 ECDSA at its edges'],
    ],
  },
  {
    id: 'T5',
    stake: 'a token that must be unpacked uses up the gateway',
    tests: [
      [`${identity}/access-token.test.ts`, 'T5 an encrypted token is not even looked into'],
      [`${identity}/access-token.test.ts`, 'T5 zip is no parameter of a signed token'],
    ],
  },
  {
    id: 'T6',
    stake: 'a token means one thing to its issuer and another here',
    tests: [
      [`${identity}/access-token.test.ts`, 'T6 other spellings of a good token'],
      [`${identity}/access-token.test.ts`, 'T6 claims that are not one plain object'],
      [`${identity}/strict-json.test.ts`, 'an object with a repeated name'],
      [`${identity}/algorithm.test.ts`, "'F detached payload'"],
    ],
  },
  {
    id: 'T7',
    stake: 'a token for somebody else, of another tenant or of another kind lets its holder in',
    tests: [
      [`${identity}/claims.test.ts`, 'T7 audience and authorised party'],
      [`${identity}/claims.test.ts`, 'T7 tokens of another kind'],
      [`${identity}/access-token.test.ts`, 'of an issuer that is not exactly a configured one is refused'],
      [`${identity}/mapping.test.ts`, 'T7 a multi-tenant issuer'],
      [`${identity}/issuer-keys.test.ts`, 'are used for one tenant only where they say so'],
    ],
  },
  {
    id: 'T8',
    stake: 'a token never ends, or not yet',
    tests: [[`${identity}/claims.test.ts`, 'T8 times']],
  },
  {
    id: 'T9',
    stake: 'a session goes on after its token',
    tests: [
      [`${core}/gate.test.ts`, 'a token is checked at each exchange'],
      [`${core}/gate.test.ts`, 'a running exchange may finish within the grace, and is stopped after it'],
      [`${identity}/gateway-token.test.ts`, 'T9 its life'],
      ['test/acceptance/login.test.ts', 'that expires ends an idle session, and the client is told'],
      ['test/acceptance/http/access.test.ts', 'that expires between two requests on one connection'],
    ],
  },
  {
    id: 'T10',
    stake: 'whose access was taken away goes on with it',
    tests: [
      [`${core}/gate.test.ts`, 'a group that was taken away counts no more from the next token on'],
      [`${identity}/gateway-token.test.ts`, 'a token dies with the issuer that its subject came from'],
      ['test/acceptance/approvals.test.ts', 'goes with its session, which an admin ends at once'],
    ],
  },
  {
    id: 'T11',
    stake: 'who has too many groups for a token escapes the rules of some',
    tests: [
      [`${identity}/subject.test.ts`, 'that are elsewhere are unknown, so the token is refused'],
      [`${saml}/logins.test.ts`, "'groups that are elsewhere'"],
    ],
  },
  {
    id: 'T12',
    stake: 'a name that changed hands speaks for who had it before',
    tests: [
      [`${identity}/subject.test.ts`, 'T12 a subject is issuer and sub'],
      [`${identity}/claims.test.ts`, 'T12 subject'],
      [`${identity}/mapping.test.ts`, 'T12 a workload'],
      [`${saml}/logins.test.ts`, "'an e-mail address for a name'"],
    ],
  },
  {
    id: 'T13',
    stake: 'keys that rotate, are withdrawn or cannot be had stop everybody, or nobody',
    tests: [
      [`${identity}/issuer-keys.test.ts`, 'that rotate are found at once'],
      [`${identity}/issuer-keys.test.ts`, 'are not read again for each invented id'],
      [`${identity}/issuer-keys.test.ts`, 'serve through an outage until they are too old'],
      [`${identity}/issuer-keys.test.ts`, 'that were withdrawn stop working'],
    ],
  },
  {
    id: 'T14',
    stake: 'a token that was read somewhere is used by somebody else',
    tests: [
      [`${identity}/authenticator.test.ts`, 'T14 an old token from a log or a history does nothing'],
      [`${identity}/claims.test.ts`, 'T14 bound to a DPoP key'],
      ['test/acceptance/login.test.ts', 'over a network only encrypted'],
      ['test/acceptance/login.test.ts', 'that fails is in the log without the token'],
    ],
  },
  {
    id: 'T15',
    stake: 'an agent does for a person what one of the two may not',
    tests: [
      [`${identity}/subject.test.ts`, 'T15 a service that acts for a person'],
      [`${core}/gate.test.ts`, 'who acts for somebody is recorded with them, and policies see both'],
      [`${core}/people.test.ts`, 'are whom it acts for, and their owners'],
      ['policies/starter/access_test.rego', 'test_who_acts_for_somebody_has_what_both_have'],
    ],
  },
  {
    id: 'T16',
    stake: 'one assertion is verified and another one is read',
    tests: [
      ...Array.from({ length: 8 }, (_, at) => [`${saml}/response.test.ts`, `'XSW${at + 1}: `] as const),
      [`${saml}/response.test.ts`, 'T16 wrapping does work on who verifies one thing and reads another'],
      [`${saml}/response.test.ts`, "'two assertions of one ID'"],
    ],
  },
  {
    id: 'T17',
    stake: 'a comment makes a name end early',
    tests: [
      [`${saml}/response.test.ts`, "'a comment in the NameID'"],
      [`${saml}/response.test.ts`, "'CDATA in the NameID'"],
    ],
  },
  {
    id: 'T18',
    stake: 'a weak or empty signature, a transform or a document type gets past the check',
    tests: [
      [`${saml}/response.test.ts`, "'an unsigned assertion in a signed Response'"],
      [`${saml}/response.test.ts`, "'SHA-1 for the signature'"],
      [`${saml}/response.test.ts`, "'an HMAC with the public key'"],
      [`${saml}/response.test.ts`, "'an XPath transform'"],
      [`${saml}/response.test.ts`, "'an external entity'"],
    ],
  },
  {
    id: 'T19',
    stake: 'an assertion for somebody else, from another time or used before lets its holder in',
    tests: [
      [`${saml}/logins.test.ts`, "'another recipient'"],
      [`${saml}/logins.test.ts`, "'another audience'"],
      [`${saml}/logins.test.ts`, 'T19 that nobody began here is refused'],
      [`${saml}/logins.test.ts`, 'T19 is answered once, also when two answers come at once'],
      [`${saml}/logins.test.ts`, 'T19 whose assertion was used is refused for another request as well'],
      [`${saml}/logins.test.ts`, "'to a user of a host'"],
    ],
  },
  {
    id: 'T20',
    stake: 'a person is logged in as somebody else, or somebody else as them',
    tests: [
      [`${saml}/logins.test.ts`, 'T20 is of the program that began it'],
      [`${saml}/logins.test.ts`, 'T20 answered with the RelayState of another login'],
      ['engine/api/src/saml.test.ts', 'a form of another page begins none'],
      ['engine/api/src/saml.test.ts', 'T20 an answer that is refused sends the browser nowhere'],
      ['engine/api/src/console/sign-in.test.ts', 'T20 nobody is sent to'],
      [
        'engine/api/src/console/sign-in.test.ts',
        'T20 login CSRF: an answer that this browser did not ask for',
      ],
      ['engine/api/src/console/sign-in.test.ts', 'session fixation: what another put into the browser'],
      ['test/acceptance/console.test.ts', 'is good for the browser that asked, once'],
      ['test/acceptance/console.test.ts', 'is none of another issuer (RFC 9207)'],
      ['engine/identity/src/sign-in/oidc.test.ts', 'an ID token of another sign-in'],
    ],
  },
]
