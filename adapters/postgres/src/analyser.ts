import { isUtf8 } from 'node:buffer'
import { GenerationCache, refusal, refusalOf, type Json, type Refusal, type Session } from '@sluice/core'
import type { Catalogue } from './catalogue.ts'
import { Estimates } from './estimates.ts'
import type { CatalogueSource } from './catalogue-source.ts'
import { patternOf, type Pattern } from './literals.ts'
import { normalise } from './normalise.ts'
import { parse, type Parsed, type ParserThread } from './parse.ts'
import { secretsOf, type Secrets } from './redact/text.ts'
import type { Analysis, NameScope } from './statement.ts'
import type { PostgresSettings } from './target.ts'
import { keyOf as relationKey } from './walk/findings.ts'
import { sqlLimits } from './limits.ts'

/** The names that a text is analysed with; equal keys mean equal names. */
export interface Names extends NameScope {
  readonly key: string
}

/** What a text means, and the picture of the target by which it was judged. */
export interface Analysed {
  readonly analysis: Analysis
  readonly catalogue: Catalogue
  /** Numbers of the text that the analysis leaves open. */
  readonly values?: readonly Json[]
}

export const notUtf8: Refusal = refusal(
  'malformed',
  'adapter/parse',
  'invalid byte sequence for encoding "UTF8"',
  '22021',
)

/**
 * Texts of one target and what they mean, remembered by the exact bytes. A new picture of the target forgets
 * everything; a name that is not in the picture makes it be read again, once, before the answer is "unknown".
 */
export class Analyser {
  readonly source: CatalogueSource
  readonly #thread: ParserThread
  #catalogue: Catalogue | undefined
  #known = newCache()

  constructor(source: CatalogueSource, thread: ParserThread) {
    this.source = source
    this.#thread = thread
  }

  /** `text`: its bytes as latin1, which keeps each byte apart. Synchronous when it is remembered; never rejects. */
  analyse(text: string, names: Names, session: Session<PostgresSettings>): Analysed | Promise<Analysed> {
    const catalogue = this.source.current(session)
    if (catalogue instanceof Promise) return this.#slowly(catalogue, text, names, session)
    const cache = this.#cache(catalogue)
    const key = keyOf(text, names)
    const exact = cache.get(key)
    if (exact !== undefined) return { analysis: exact, catalogue }
    const pattern = patternOf(text)
    if (pattern === null) return this.#anew(catalogue, text, names, session)
    const open = cache.get(keyOf(pattern.key, names))
    if (open !== undefined) return { analysis: open, catalogue, values: pattern.values }
    const analysed = this.#anew(catalogue, text, names, session)
    if (!(analysed instanceof Promise)) this.#remember(analysed, pattern, names)
    return analysed
  }

  /** Once more for every text of the pattern, when the numbers that it leaves open are all that a text holds. */
  #remember({ analysis, catalogue }: Analysed, { key, values }: Pattern, names: Names): void {
    if (analysis.objection !== null || analysis.statements.length !== 1) return
    // Its numbers are among the secrets, and each has its own.
    if (analysis.secrets !== undefined) return
    const [statement] = analysis.statements
    const literals = statement?.action['parameters']
    if (statement === undefined || !Array.isArray(literals) || literals.length !== values.length) return
    const open = Object.freeze({
      ...statement,
      action: Object.freeze({ ...statement.action, parameters: none }),
    })
    this.#cache(catalogue).set(keyOf(key, names), { statements: [open], objection: null })
  }

  async #slowly(
    reading: Promise<Catalogue>,
    text: string,
    names: Names,
    session: Session<PostgresSettings>,
  ): Promise<Analysed> {
    try {
      const catalogue = await reading
      return await this.#anew(catalogue, text, names, session)
    } catch (error) {
      return { analysis: objecting(refusalOf(error), secretsOf(text, false)), catalogue: noCatalogue }
    }
  }

  #anew(
    catalogue: Catalogue,
    text: string,
    names: Names,
    session: Session<PostgresSettings>,
  ): Analysed | Promise<Analysed> {
    const bytes = Buffer.from(text, 'latin1')
    if (!isUtf8(bytes)) return { analysis: objecting(notUtf8, secretsOf(text, false)), catalogue }
    const parsed = parse(bytes.toString(), bytes.length, this.#thread)
    if (parsed instanceof Promise)
      return parsed.then((late) => this.#analysed(late, catalogue, text, names, session))
    return this.#analysed(parsed, catalogue, text, names, session)
  }

  #analysed(
    parsed: Parsed,
    catalogue: Catalogue,
    text: string,
    names: Names,
    session: Session<PostgresSettings>,
  ): Analysed | Promise<Analysed> {
    if (parsed.kind === 'refused')
      return { analysis: objecting(parsed.refusal, secretsOf(text, false)), catalogue }
    const analysis = { ...normalise(parsed.tree, names, catalogue), secrets: parsed.secrets }
    if (analysis.unknownName === true)
      return this.#lookAgain(() => this.source.again(session), parsed.tree, { analysis, catalogue }, names)
    if (createsName(analysis, catalogue))
      return this.#lookAgain(() => this.source.anew(session), parsed.tree, { analysis, catalogue }, names)
    this.#cache(catalogue).set(keyOf(text, names), analysis)
    return { analysis, catalogue }
  }

  /** What is learnt so is not remembered: the same text may mean something else the next time. */
  async #lookAgain(
    read: () => Catalogue | Promise<Catalogue>,
    tree: unknown,
    before: Analysed,
    names: Names,
  ): Promise<Analysed> {
    const { secrets } = before.analysis
    try {
      const newer = await read()
      if (newer === before.catalogue) return before
      return { analysis: { ...normalise(tree, names, newer), secrets }, catalogue: newer }
    } catch (error) {
      return { analysis: objecting(refusalOf(error), secrets), catalogue: before.catalogue }
    }
  }

  #cache(catalogue: Catalogue): GenerationCache<Analysis> {
    if (catalogue !== this.#catalogue) {
      this.#catalogue = catalogue
      this.#known = newCache()
    }
    return this.#known
  }
}

const none: readonly Json[] = Object.freeze([])

function keyOf(text: string, names: Names): string {
  return names.key === '' ? text : `${names.key}\0${text}`
}

function newCache(): GenerationCache<Analysis> {
  return new GenerationCache(sqlLimits.analysesMax, sqlLimits.analysesBytesMax)
}

/**
 * It makes a name the session's own that the picture does not know. Somebody else may have made it meanwhile, and
 * `IF NOT EXISTS` would then lead to theirs: so the picture is taken again first.
 */
function createsName({ statements }: Analysis, { relations }: Catalogue): boolean {
  return statements.some(
    ({ effect }) =>
      effect.kind === 'temp_table' ||
      (effect.kind === 'ddl' && effect.creates !== undefined && !relations.has(relationKey(effect.creates))),
  )
}

function objecting(objection: Refusal, secrets?: Secrets): Analysis {
  return { statements: [], objection, secrets }
}

/** Knows nothing: with it nothing can be obliged, and nothing is, since the analysis objects. */
const noCatalogue: Catalogue = {
  digest: '',
  relations: new Map(),
  byOid: new Map(),
  functions: new Map(),
  operators: new Map(),
  types: new Map(),
  fields: new Set(),
  readable: new Set(),
  maskable: new Map(),
  plain: new Set(),
  estimates: new Estimates(),
}
