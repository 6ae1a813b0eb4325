/**
 * Message types of protocol 3.0 (PostgreSQL 15 §55.7), as bytes. A type without a row in these tables ends the
 * connection: nothing passes because nobody thought of it.
 */

export const front = {
  bind: 0x42,
  close: 0x43,
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  describe: 0x44,
  execute: 0x45,
  flush: 0x48,
  functionCall: 0x46,
  parse: 0x50,
  password: 0x70,
  query: 0x51,
  sync: 0x53,
  terminate: 0x58,
} as const

export type FrontType = (typeof front)[keyof typeof front]

const frontTypes: ReadonlySet<number> = new Set(Object.values(front))

export function isFrontType(byte: number): byte is FrontType {
  return frontTypes.has(byte)
}

export const back = {
  authentication: 0x52,
  backendKeyData: 0x4b,
  bindComplete: 0x32,
  closeComplete: 0x33,
  commandComplete: 0x43,
  copyBothResponse: 0x57,
  copyData: 0x64,
  copyDone: 0x63,
  copyInResponse: 0x47,
  copyOutResponse: 0x48,
  dataRow: 0x44,
  emptyQueryResponse: 0x49,
  errorResponse: 0x45,
  functionCallResponse: 0x56,
  negotiateProtocolVersion: 0x76,
  noData: 0x6e,
  noticeResponse: 0x4e,
  notificationResponse: 0x41,
  parameterDescription: 0x74,
  parameterStatus: 0x53,
  parseComplete: 0x31,
  portalSuspended: 0x73,
  readyForQuery: 0x5a,
  rowDescription: 0x54,
} as const

export type BackType = (typeof back)[keyof typeof back]

/**
 * What happens to each message of the server on its way to the client.
 * `content`: part of an answer: recorded, and masked or scrubbed when the answer is guarded.
 * `framing`: tells the client where it stands; says nothing of data.
 * `aside`: may come at any time, outside of any answer.
 * `refused`: has no place after the login, or belongs to a part of the protocol that is not offered.
 */
export type Treatment = 'content' | 'framing' | 'aside' | 'refused'

const treatments: { readonly [T in BackType]: Treatment } = {
  [back.authentication]: 'refused',
  [back.backendKeyData]: 'refused',
  [back.bindComplete]: 'framing',
  [back.closeComplete]: 'framing',
  [back.commandComplete]: 'content',
  [back.copyBothResponse]: 'refused',
  [back.copyData]: 'content',
  [back.copyDone]: 'framing',
  [back.copyInResponse]: 'framing',
  [back.copyOutResponse]: 'framing',
  [back.dataRow]: 'content',
  [back.emptyQueryResponse]: 'framing',
  [back.errorResponse]: 'content',
  [back.functionCallResponse]: 'refused',
  [back.negotiateProtocolVersion]: 'refused',
  [back.noData]: 'framing',
  [back.noticeResponse]: 'aside',
  [back.notificationResponse]: 'aside',
  [back.parameterDescription]: 'framing',
  [back.parameterStatus]: 'aside',
  [back.parseComplete]: 'framing',
  [back.portalSuspended]: 'framing',
  [back.readyForQuery]: 'framing',
  [back.rowDescription]: 'content',
}

const treatmentTable: readonly Treatment[] = Array.from({ length: 256 }, (_, byte) => {
  const known: { readonly [byte: number]: Treatment | undefined } = treatments
  return known[byte] ?? 'refused'
})

export function treatmentOf(type: number): Treatment {
  return treatmentTable[type] ?? 'refused'
}
