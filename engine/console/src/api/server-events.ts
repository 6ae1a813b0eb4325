/** One message of `text/event-stream`. */
export interface ServerEvent {
  readonly event: string
  readonly data: string
}

/** A message that never ends is given up. */
const pendingCharsMax = 4_000_000

/** Takes a stream of server-sent events apart, however it is cut (HTML Living Standard §9.2.6, without ids and retries). */
export class ServerEvents {
  #pending = ''

  take(text: string): readonly ServerEvent[] {
    // A carriage return at the end may be half of a line break.
    const whole = this.#pending + text
    const [complete, rest] = whole.endsWith('\r') ? [whole.slice(0, -1), '\r'] : [whole, '']
    const blocks = complete.replaceAll(/\r\n?/g, '\n').split('\n\n')
    this.#pending = (blocks.pop() ?? '') + rest
    if (this.#pending.length > pendingCharsMax) throw new RangeError('A message of the stream is too large.')
    return blocks.flatMap(eventOf)
  }
}

function eventOf(block: string): readonly ServerEvent[] {
  let event = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
    if (field === 'event') event = value
    if (field === 'data') data.push(value)
  }
  return data.length === 0 ? [] : [{ event, data: data.join('\n') }]
}
