import type { Mapper } from '../mapper.ts'
import { severityOf, type Severity } from '../severity.ts'
import { outlineOf, unexported, type Outline } from './outline.ts'

const vendor = 'Sluice'
const product = 'Sluice'
const productVersion = '1'
/** What receivers keep of a message. */
const messageCharsMax = 1_023

/** ArcSight's Common Event Format: seven fields between bars, then `key=value`. */
export const cef: Mapper = {
  format: 'cef',
  map(of) {
    const { event } = of
    if (unexported.has(event.type)) return null
    const o = outlineOf(of)
    const head = ['CEF:0', vendor, product, productVersion, event.type, nameOf(o), scale[severityOf(event)]]
    const extension = extensionOf(o).map(([key, value]) => `${key}=${inExtension(value)}`)
    return {
      id: event.id,
      timeMs: event.time,
      body: `${head.map(inHeader).join('|')}|${extension.join(' ')}`,
    }
  },
}

const scale: Readonly<Record<Severity, string>> = { 1: '9', 4: '6', 5: '4', 6: '2' }

function nameOf({ type, effect, operations }: Outline): string {
  return [type, operations.join(', '), effect ?? ''].filter((part) => part !== '').join(' ')
}

/** In the order in which they are written. Custom strings each have a label. */
function extensionOf(o: Outline): readonly (readonly [string, string])[] {
  const fields: readonly (readonly [string, string | number | null])[] = [
    ['rt', o.timeMs],
    ['start', o.counted?.fromMs ?? null],
    ['end', o.counted?.untilMs ?? null],
    ['cnt', o.counted?.times ?? null],
    ['externalId', o.eventId],
    ['suser', o.subject?.id ?? null],
    ['src', o.clientIp],
    ['dhost', o.target],
    ['app', o.protocol],
    ['act', o.effect],
    ['outcome', o.outcome],
    ['reason', o.reason],
    ['requestClientApplication', o.application],
    ['out', o.bytes],
    ['cn1', o.rows],
    ['cn1Label', o.rows === null ? null : 'rows'],
    ['cn2', o.seq],
    ['cn2Label', 'sequence'],
    ['cn3', o.usage === null ? null : o.usage.input_tokens + o.usage.output_tokens],
    ['cn3Label', o.usage === null ? null : 'tokens'],
    ...labelled('flexString1', 'model', o.usage?.model ?? null),
    ...labelled('cs1', 'session_id', o.session),
    ...labelled('cs2', 'decision_id', o.decision),
    ...labelled('cs3', 'rule', o.rule),
    ...labelled('cs4', 'policy_revision', o.revision),
    ...labelled('cs5', 'masked', o.masked.length === 0 ? null : o.masked.join(',')),
    ...labelled(
      'cs6',
      'trace_run',
      o.traceId === null && o.runId === null ? null : `${o.traceId ?? ''}/${o.runId ?? ''}`,
    ),
    ['msg', o.relations.length === 0 ? null : o.relations.join(', ').slice(0, messageCharsMax)],
  ]
  return fields.flatMap(([key, value]) => (value === null ? [] : [[key, String(value)] as const]))
}

function labelled(
  key: string,
  label: string,
  value: string | null,
): readonly (readonly [string, string | null])[] {
  return value === null
    ? []
    : [
        [key, value],
        [`${key}Label`, label],
      ]
}

/** One line: what would break it is shown as what it is. */
function inHeader(text: string): string {
  return oneLine(text).replaceAll(/[\\|]/g, String.raw`\$&`)
}

function inExtension(text: string): string {
  const escaped = text
    .replaceAll(/[\\=]/g, String.raw`\$&`)
    .replaceAll('\r', String.raw`\r`)
    .replaceAll('\n', String.raw`\n`)
  return oneLine(escaped)
}

/** Control characters and such as reorder a line have no business in one. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    return `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`
  })
}
