import { GenerationCache, refusal, refusalOf, type Json, type Session } from '@sluice/core'
import type { AnalysisThread } from './analysis-thread.ts'
import type { Catalogue } from './catalogue.ts'
import { Estimates } from './estimates.ts'
import type { CatalogueSource } from './catalogue-source.ts'
import { patternOf, type Pattern } from './literals.ts'
import { isLong, meaningOf, unread } from './meaning.ts'
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

/**
 * Texts of one target and what they mean, remembered by the exact bytes. A new picture of the target forgets
 * everything; a name that is not in the picture makes it be read again, once, before the answer is "unknown".
 */
export class Analyser {
  readonly source: CatalogueSource
  readonly #thread: AnalysisThread
  #catalogue: Catalogue | undefined
  #known = newCache()

  constructor(source: CatalogueSource, thread: AnalysisThread) {
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
      return { analysis: unread(refusalOf(error), text), catalogue: noCatalogue }
    }
  }

  #anew(
    catalogue: Catalogue,
    text: string,
    names: Names,
    session: Session<PostgresSettings>,
  ): Analysed | Promise<Analysed> {
    const read = this.#read(catalogue, text, names, session)
    return read instanceof Promise
      ? read.then((late) => this.#analysed(late, text, names, session))
      : this.#analysed(read, text, names, session)
  }

  #read(
    catalogue: Catalogue,
    text: string,
    names: Names,
    session: Session<PostgresSettings>,
  ): Analysed | Promise<Analysed> {
    if (isLong(text)) return this.#beside(catalogue, text, names, session)
    return { analysis: meaningOf(text, names, catalogue), catalogue }
  }

  /** A long text takes its time, and waits for its turn before: it is judged by what the target is by then. */
  async #beside(
    catalogue: Catalogue,
    text: string,
    names: Names,
    session: Session<PostgresSettings>,
  ): Promise<Analysed> {
    let picture = catalogue
    for (let reads = 0; reads < sqlLimits.statementReadsMax; reads++) {
      const analysis = await this.#thread.analyse(text, names, picture)
      if (analysis.statements.length === 0) return { analysis, catalogue: picture }
      try {
        const now = await this.source.current(session)
        if (now === picture) return { analysis, catalogue: picture }
        picture = now
      } catch (error) {
        return { analysis: unread(refusalOf(error), text), catalogue: picture }
      }
    }
    return { analysis: unread(unsteady, text), catalogue: picture }
  }

  #analysed(
    before: Analysed,
    text: string,
    names: Names,
    session: Session<PostgresSettings>,
  ): Analysed | Promise<Analysed> {
    const { analysis, catalogue } = before
    const { statements, objection, unknownName } = analysis
    // Of what is not even read nothing is remembered: another time it may be.
    if (objection !== null && statements.length === 0) return before
    if (unknownName === true)
      return this.#lookAgain(() => this.source.again(session), text, before, names, session)
    if (createsName(analysis, catalogue))
      return this.#lookAgain(() => this.source.anew(session), text, before, names, session)
    this.#cache(catalogue).set(keyOf(text, names), analysis)
    return before
  }

  /** What is learnt so is not remembered: the same text may mean something else the next time. */
  async #lookAgain(
    read: () => Catalogue | Promise<Catalogue>,
    text: string,
    before: Analysed,
    names: Names,
    session: Session<PostgresSettings>,
  ): Promise<Analysed> {
    try {
      const newer = await read()
      if (newer === before.catalogue) return before
      return await this.#read(newer, text, names, session)
    } catch (error) {
      const { secrets, refused } = before.analysis
      return {
        analysis: { statements: [], objection: refusalOf(error), secrets, refused },
        catalogue: before.catalogue,
      }
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

const unsteady = refusal(
  'too_many',
  'adapter/limits',
  'The tables of this target changed each time while the statement was analysed. Send it again.',
)

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
