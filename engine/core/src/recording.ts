import type { Json } from './request.ts'

/**
 * What was recorded of one session, read for people. Everything is handed to it in the order of the log, since what a
 * request means may lie in an earlier one. It sends nothing and never throws: what it cannot read it says so.
 */
export interface Recording {
  /** `content`: the exact bytes of a request. */
  request(exchange: string, content: Uint8Array): readonly RequestPart[]
  /** What the caller streamed after the request, in pieces. */
  body(exchange: string, content: Uint8Array): readonly AnswerPart[]
  /**
   * What the caller saw, in pieces that may cut through messages. Of an exchange without a request, whose id is the
   * session's: what it heard that it had not asked for.
   */
  answer(exchange: string, content: Uint8Array): readonly AnswerPart[]
  /** Nothing more comes of it; gives what is left. `performed`: the target did it. */
  end(exchange: string, performed: boolean): readonly AnswerPart[]
}

/** One statement, command or message of a request. */
export interface RequestPart {
  /** As it was sent; `null` when it stands for something that is not in the recording. */
  readonly text: string | null
  /** The name under which it was prepared. */
  readonly name?: string
  /** Values that came beside the text. One that has no form in JSON is `{type: 'bytes', bytes, hex}`. */
  readonly parameters: readonly Json[]
}

export type AnswerPart =
  /** `columns` are `null` when no description of them is in the recording. Values are texts, as the target writes them. */
  | { readonly kind: 'rows'; readonly columns: readonly string[] | null; readonly rows: readonly Row[] }
  | { readonly kind: 'status'; readonly text: string }
  | {
      readonly kind: 'error' | 'notice'
      readonly code: string
      readonly message: string
      /** Further fields of it that the caller saw, e.g. a hint. */
      readonly more: readonly string[]
    }
  /** Somebody told whoever listens. */
  | { readonly kind: 'notification'; readonly channel: string; readonly text: string }
  /** A stream of bytes: a text, or hexadecimal when it is none. */
  | {
      readonly kind: 'data'
      readonly text: string
      readonly hex: boolean
      /** Where there are several, which it is, e.g. `stderr`. */
      readonly stream?: string
    }
  /** What a terminal showed (`o`) or how large it became (`r`), so many seconds after it began: a line of asciicast v2. */
  | {
      readonly kind: 'terminal'
      readonly line: string
      readonly seconds: number
      readonly code: string
      readonly text: string
    }
  /** It ends within a message. */
  | { readonly kind: 'cut'; readonly bytes: number }
  /** One message, too large to be shown. */
  | { readonly kind: 'too_large'; readonly bytes: number }
  /** Nobody can say what these bytes mean, and so of what follows them. */
  | { readonly kind: 'undecodable'; readonly bytes: number }

export type Row = readonly Json[]
