/** The text behind percent escapes; `null` when one is incomplete, or their bytes are not UTF-8 in its shortest form. */
export function unescaped(text: string): string | null {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
