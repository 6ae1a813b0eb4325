/** `&`, `<` and `>` are all that Slack reads as a mention, a link or an entity. */
export function slackEscaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A text in which Slack reads nothing at all: code, with no way out of it. */
export function slackCode(text: string): string {
  return `\`${slackEscaped(text.replaceAll('`', "'"))}\``
}
