/**
 * Where each code point of a text begins, in UTF-16 units, and at last where the text ends. Others count code points. A
 * surrogate without its other half is one by itself, as it is for them.
 */
export function codePointStarts(text: string): Uint32Array {
  const starts = new Uint32Array(text.length + 1)
  let count = 0
  for (let at = 0; at < text.length; at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1) starts[count++] = at
  starts[count++] = text.length
  return starts.subarray(0, count)
}
