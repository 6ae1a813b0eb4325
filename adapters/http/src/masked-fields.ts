import type { MaskCount, Pseudonyms } from '@sluice/core'
import { contentMasker, Undecodable, type ContentRules, type Detector } from '@sluice/masking'
import type { Headers } from './replies.ts'

export interface MaskedFields {
  readonly fields: Headers
  readonly masked: readonly MaskCount[]
}

/** What the protocol itself says in a form of its own. */
const ofTheProtocol = /^(?:content-type|date)$/

/** Between two fields: no value has it, and nothing that is looked for reaches over it. */
const between = '\n\u0001\n'
const separator = ': '

/**
 * Headers or trailers, in which detectors look as they do in documents: what is hidden there must not be told here. Throws
 * `Undecodable`.
 */
export function maskedFields(
  fields: Headers,
  rules: ContentRules | null,
  pseudonyms: Pseudonyms | undefined,
): MaskedFields {
  const told = fields.filter(([name]) => !ofTheProtocol.test(name))
  if (rules === null || rules.detectors.length === 0 || told.length === 0) return { fields, masked: [] }
  const masker = contentMasker('text/plain', rulesOfFields(rules), pseudonyms)
  const text = told.map(([name, value]) => `${name}${separator}${value}`).join(between)
  const pieces = [masker.push(Buffer.from(text)), masker.end()]
  const masked = pieces.flatMap((piece) => piece.masked)
  if (masked.length === 0) return { fields, masked }
  const lines = Buffer.concat(pieces.map(({ bytes }) => bytes))
    .toString()
    .split(between)
  const shown = told.map(([name], at): readonly [string, string] => [name, valueIn(lines[at], name)])
  if (lines.length !== told.length) throw new Undecodable('header')
  return { fields: [...fields.filter(([name]) => ofTheProtocol.test(name)), ...shown], masked }
}

const fieldRules = new WeakMap<ContentRules, ContentRules>()

function rulesOfFields(rules: ContentRules): ContentRules {
  const known = fieldRules.get(rules)
  if (known !== undefined) return known
  const detectors = rules.detectors.map(({ detector, ...rule }) => ({
    ...rule,
    detector: inFields(detector),
  }))
  const made: ContentRules = { paths: [], detectors }
  fieldRules.set(rules, made)
  return made
}

/** Detectors of texts look at each value for itself: a name of a header is no text of anybody. */
function inFields(detector: Detector): Detector {
  if (detector.ofTexts !== true) return detector
  const find: Detector['find'] = (text) => {
    let at = 0
    return text.split(between).flatMap((line) => {
      const start = at + line.indexOf(separator) + separator.length
      at += line.length + between.length
      return detector
        .find(text.slice(start, at - between.length))
        .map((span) => ({ start: start + span.start, end: start + span.end }))
    })
  }
  return { ...detector, find }
}

/** Whatever a mask puts in the place of a value stays a value of that header. */
function valueIn(line: string | undefined, name: string): string {
  const start = `${name}${separator}`
  if (line?.startsWith(start) !== true || !/^[\t\x20-\x7e\x80-\xff]*$/.test(line))
    throw new Undecodable('header')
  return line.slice(start.length)
}
