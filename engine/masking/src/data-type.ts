/** The two forms in which PostgreSQL sends a value. */
export type Format = 'text' | 'binary'

/** The bytes are no value of their type. Nobody can say what they show, so they must not be shown. */
export class Undecodable extends Error {
  constructor(type: string) {
    super(`a value is no valid ${type}`)
    this.name = 'Undecodable'
  }
}

/**
 * One data type: how its values look on the wire, and what each method makes of one. Methods work on the decoded
 * value, so that a mask gives the same value whichever format the client asked for. A method that means nothing for
 * a type is left out and hides the whole value instead.
 */
export interface DataType<Value> {
  /** Separates pseudonyms: equal values of equal names share one. */
  readonly name: string
  /** Throws `Undecodable`. */
  decode(bytes: Buffer, format: Format): Value
  encode(value: Value, format: Format): Buffer
  /** The same text for values that are equal. */
  readonly canonical: (value: Value) => string
  /** Says nothing of any value, or is made of one and says no more than its shape. */
  readonly redacted: Value | ((value: Value) => Value)
  /** A small part of the value, as large for every value of the type. */
  readonly partial?: (value: Value) => Value
  /** The group to which a value belongs; `undefined` when the groups asked for are none of this type. */
  readonly generalise?: (to: string | undefined) => ((value: Value) => Value) | undefined
  /** Made of a keyed digest alone, but for what the type must keep to stay valid. */
  readonly pseudonym?: (digest: Buffer, value: Value) => Value
}

/** Binary values of a fixed length. */
export function sized(bytes: Buffer, length: number, type: string): Buffer {
  if (bytes.length !== length) throw new Undecodable(type)
  return bytes
}

/** The parts of a text that has the form of its type. */
export function parts(bytes: Buffer, form: RegExp, type: string): RegExpExecArray {
  const found = form.exec(bytes.toString('latin1'))
  if (found === null) throw new Undecodable(type)
  return found
}
