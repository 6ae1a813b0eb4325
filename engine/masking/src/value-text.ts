import { arrayText } from './array-text.ts'
import { Undecodable } from './data-type.ts'
import { texts, type ValueType } from './types.ts'

/** A value in binary as the server would write it as a text; `null` when the bytes are no value of the type. */
export function valueText({ element, array }: ValueType, bytes: Buffer): string | null {
  try {
    return array ? arrayText(bytes, texts[element]) : texts[element](bytes)
  } catch (error) {
    if (!(error instanceof Undecodable)) throw error
    return null
  }
}
