import { back, front, type BackType, type FrontType } from './messages.ts'

/**
 * What happens to each message, both ways and before the login. A type without a row ends the connection: nothing passes
 * because nobody thought of it. The README shows the same rows; `treatments.test.ts` holds them against the protocol, the
 * README and the behaviour.
 */

/** What happens to one kind of message, and that in a sentence for people. */
export interface Row<Treatment> {
  readonly treatment: Treatment
  readonly told: string
}

/**
 * What happens to a message of the client.
 * `judged`: part of an exchange; it goes upstream with a Permit or not at all.
 * `body`: data of an exchange that has its Permit, while the server asks for it.
 * `framing`: says nothing of data; sent as a constant.
 * `login`: belongs to the time before the first query.
 * `ends`: ends the connection.
 * `refused`: a part of the protocol that is not offered.
 */
export type FrontTreatment = 'judged' | 'body' | 'framing' | 'login' | 'ends' | 'refused'

const copyBody = 'recorded and passed on while the server asks for it; otherwise dropped, as a server does'

export const frontRows: { readonly [T in FrontType]: Row<FrontTreatment> } = {
  [front.bind]: { treatment: 'judged', told: 'with its values, as what its statement says' },
  [front.close]: {
    treatment: 'framing',
    told: 'carries only a name that an allowed message has carried; otherwise a constant stands in its place',
  },
  [front.copyData]: { treatment: 'body', told: copyBody },
  [front.copyDone]: { treatment: 'body', told: copyBody },
  [front.copyFail]: { treatment: 'body', told: copyBody },
  [front.describe]: {
    treatment: 'judged',
    told: 'with the Parse or Bind before it, or alone as `sql.prepare`',
  },
  [front.execute]: {
    treatment: 'judged',
    told: 'each time, with the values of its portal; a row limit makes pages, each of them masked',
  },
  [front.flush]: { treatment: 'framing', told: 'a constant' },
  [front.functionCall]: { treatment: 'refused', told: '0A000; the refusal is recorded' },
  [front.parse]: {
    treatment: 'judged',
    told: 'as `sql.prepare`; what it prepares is judged when it is executed',
  },
  [front.password]: {
    treatment: 'login',
    told: 'the token as a password, or the proof of a minted one by SCRAM; never sent on, and 08P01 behind the login',
  },
  [front.query]: { treatment: 'judged', told: 'every statement in it; all of them run or none does' },
  [front.sync]: { treatment: 'framing', told: 'a constant' },
  [front.terminate]: { treatment: 'ends', told: 'what runs is cancelled, what waits is dropped' },
}

/**
 * What happens to a message of the server on its way to the client.
 * `content`: part of an answer: recorded, and masked or scrubbed when the answer is guarded.
 * `framing`: tells the client where it stands; says nothing of data.
 * `aside`: may come at any time, outside of any answer.
 * `login`: belongs to the login, where the gateway itself reads it; refused behind it.
 * `refused`: belongs to a part of the protocol that is not offered.
 */
export type BackTreatment = 'content' | 'framing' | 'aside' | 'login' | 'refused'

const words =
  'only the SQLSTATE with its name, and words that never change, where masks apply to the statement, to what its transaction changed or to the table that it is about; detectors look into all words'

export const backRows: { readonly [T in BackType]: Row<BackTreatment> } = {
  [back.authentication]: {
    treatment: 'login',
    told: 'MD5, SCRAM-SHA-256, and a password over verified TLS; answered with the credential of the gateway',
  },
  [back.backendKeyData]: {
    treatment: 'login',
    told: 'kept for cancels; the client has a key of the gateway',
  },
  [back.bindComplete]: { treatment: 'framing', told: 'as it is' },
  [back.closeComplete]: { treatment: 'framing', told: 'as it is' },
  [back.commandComplete]: { treatment: 'content', told: 'as it is: a word and a number of rows' },
  [back.copyBothResponse]: { treatment: 'refused', told: 'of replication, which is refused at the start' },
  [back.copyData]: {
    treatment: 'content',
    told: 'masked by the origin of each column, in text, CSV and binary, wherever it cuts through the rows; then by detectors',
  },
  [back.copyDone]: { treatment: 'framing', told: 'as it is' },
  [back.copyInResponse]: { treatment: 'framing', told: 'as it is, where a COPY FROM STDIN was judged' },
  [back.copyOutResponse]: {
    treatment: 'framing',
    told: 'as it is; where masks apply it must have the columns that the server was asked about before',
  },
  [back.dataRow]: {
    treatment: 'content',
    told: 'masked by the origin of each column, and by what computed ones are made of, in text and binary, also of cursors, portals and RETURNING; then by detectors',
  },
  [back.emptyQueryResponse]: { treatment: 'framing', told: 'as it is' },
  [back.errorResponse]: { treatment: 'content', told: words },
  [back.functionCallResponse]: { treatment: 'refused', told: 'no function call is sent' },
  [back.negotiateProtocolVersion]: {
    treatment: 'refused',
    told: 'the gateway asks the server for 3.0 and nothing else',
  },
  [back.noData]: { treatment: 'framing', told: 'as it is' },
  [back.noticeResponse]: { treatment: 'aside', told: words },
  [back.notificationResponse]: {
    treatment: 'aside',
    told: 'what may be heard is decided at LISTEN, and masked columns cannot be used in NOTIFY; detectors look into the payload; recorded; the process id is the one that its sender was given by the gateway, 0 for any other',
  },
  [back.parameterDescription]: { treatment: 'framing', told: 'as it is' },
  [back.parameterStatus]: {
    treatment: 'aside',
    told: 'as it is; a server that leaves UTF8 or standard_conforming_strings ends the connection',
  },
  [back.parseComplete]: { treatment: 'framing', told: 'as it is' },
  [back.portalSuspended]: { treatment: 'framing', told: 'as it is; the next page is judged and masked anew' },
  [back.readyForQuery]: { treatment: 'framing', told: 'as it is' },
  [back.rowDescription]: {
    treatment: 'content',
    told: 'as it is; where masks apply an answer with other columns than the statement says, or with one of unknown origin, is refused',
  },
}

const treatmentTable: readonly BackTreatment[] = Array.from({ length: 256 }, (_, byte) => {
  const known: { readonly [byte: number]: Row<BackTreatment> | undefined } = backRows
  const treatment = known[byte]?.treatment ?? 'refused'
  return treatment === 'login' ? 'refused' : treatment
})

/** Of a message of the server behind the login. */
export function treatmentOf(type: number): BackTreatment {
  return treatmentTable[type] ?? 'refused'
}

/**
 * What happens to a packet before the login.
 * `answered`: by the gateway itself; nothing goes upstream.
 * `negotiated`: admitted, after the client was told what is not spoken here.
 * `admitted`: once the token is good, a login of the gateway's own follows.
 * `refused`: FATAL, and nothing is dialled.
 */
export type StartupTreatment = 'answered' | 'negotiated' | 'admitted' | 'refused'

export const startupRows: { readonly [packet: string]: Row<StartupTreatment> } = {
  'TLS handshake': { treatment: 'answered', told: 'TLS, where the listener has a certificate' },
  SSLRequest: {
    treatment: 'answered',
    told: '`S` and TLS where the listener has a certificate, otherwise `N`; bytes behind it end the connection',
  },
  GSSENCRequest: { treatment: 'answered', told: '`N`' },
  CancelRequest: {
    treatment: 'answered',
    told: 'with a key of this gateway only; the client hears nothing, as from a server',
  },
  'StartupMessage 3.0': { treatment: 'admitted', told: 'its keys have rows of their own below' },
  'StartupMessage 3.2': { treatment: 'admitted', told: 'the same, and its cancel key has 32 bytes' },
  'StartupMessage 3.1, and above 3.2': {
    treatment: 'negotiated',
    told: 'NegotiateProtocolVersion says 3.0, or 3.2',
  },
  'StartupMessage of another version': { treatment: 'refused', told: '0A000' },
  'key `user`': { treatment: 'admitted', told: 'any; who calls is said by the token' },
  'key `database`': { treatment: 'admitted', told: 'the name of a target' },
  'keys `_pq_.…`': { treatment: 'negotiated', told: 'NegotiateProtocolVersion lists them as unknown' },
  'key `replication`': { treatment: 'refused', told: '0A000, unless it says no' },
  'key `options`': {
    treatment: 'admitted',
    told: 'settings alone (`-c`, `--name=`), each as if it were a key',
  },
  'settings on the list': {
    treatment: 'admitted',
    told: 'those that change neither what a text means nor who the session is ([settings.ts](src/settings.ts))',
  },
  'any other key': { treatment: 'refused', told: '42501' },
}
