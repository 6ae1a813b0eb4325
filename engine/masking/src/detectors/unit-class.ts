/** Whether the UTF-16 unit at a place of a text is of a class of characters. */
export type UnitClass = (text: string, at: number) => boolean

const asciiEnd = 128

/** ASCII is looked up, since nearly all text is; the pattern is asked about the others. Behind the end there is none. */
export function unitClass(pattern: RegExp): UnitClass {
  const ascii = Array.from({ length: asciiEnd }, (_, unit) => pattern.test(String.fromCharCode(unit)))
  return (text, at) => {
    const unit = text.charCodeAt(at)
    return unit < asciiEnd ? ascii[unit] === true : unit >= asciiEnd && pattern.test(text.charAt(at))
  }
}
