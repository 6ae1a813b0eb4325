/** A recording of a terminal, in the order of time. */
export interface Cast {
  readonly columns: number
  readonly rows: number
  readonly events: readonly CastEvent[]
  /** Seconds. */
  readonly duration: number
}

export interface CastEvent {
  /** Seconds since the beginning. */
  readonly at: number
  readonly kind: 'output' | 'input' | 'resize'
  /** Of a resize `COLUMNSxROWS`. */
  readonly data: string
}

const kinds: Readonly<Record<string, CastEvent['kind']>> = { o: 'output', i: 'input', r: 'resize' }

/** Of a resize; `undefined` where it is none: of a size that is 0 a caller says nothing (RFC 4254 §6.7). */
export function sizeOf(data: string): Pick<Cast, 'columns' | 'rows'> | undefined {
  const [, columns, rows] = /^(\d{1,9})x(\d{1,9})$/.exec(data) ?? []
  return Number(columns) > 0 && Number(rows) > 0
    ? { columns: Number(columns), rows: Number(rows) }
    : undefined
}

/** asciicast v2: a header, then `[seconds, "o" | "i" | "r", data]`, each on a line. Throws `SyntaxError` for what is none. */
export function parseCast(text: string): Cast {
  const [first = '', ...lines] = text.split('\n')
  const header: unknown = JSON.parse(first)
  if (!isHeader(header)) throw new SyntaxError('This is no asciicast of version 2.')
  const events: CastEvent[] = []
  for (const line of lines) {
    const event = eventOf(line)
    // The last line of one that goes on may have come in part.
    if (event !== undefined) events.push({ ...event, at: Math.max(event.at, events.at(-1)?.at ?? 0) })
  }
  return { columns: header.width || 80, rows: header.height || 24, events, duration: events.at(-1)?.at ?? 0 }
}

function isHeader(value: unknown): value is { readonly width: number; readonly height: number } {
  if (typeof value !== 'object' || value === null) return false
  const { version, width, height } = value as Readonly<Record<string, unknown>>
  return version === 2 && isSize(width) && isSize(height)
}

/** A caller without a terminal of its own says 0, and asks for one all the same. */
function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

function eventOf(line: string): CastEvent | undefined {
  try {
    const [at, code, data] = JSON.parse(line) as readonly unknown[]
    const kind = typeof code === 'string' ? kinds[code] : undefined
    if (typeof at !== 'number' || !Number.isFinite(at) || typeof data !== 'string') return undefined
    return kind === undefined ? undefined : { at, kind, data }
  } catch {
    return undefined
  }
}
