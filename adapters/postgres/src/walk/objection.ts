import { refusal, Refused, type Refusal } from '@sluice/core'

/** The rule that every refusal of this module names: it holds whatever the policies say. */
export const closedWorldRule = 'adapter/closed_world'

/** Thrown inside the walker when a statement leaves the closed world; `analyse` turns it into `Analysis.objection`. */
export class Objection extends Refused {
  /** A name that may be newer than the catalogue. */
  readonly unknownName: boolean
  /** Where in the text the server would point to: bytes from its beginning; 0 where it points nowhere. */
  readonly location: number
  constructor(why: Refusal, unknownName = false, location = 0) {
    super(why)
    this.unknownName = unknownName
    this.location = location
  }
}

/** The construct is known to be unsafe, or not known to be safe. `what` is the subject of the sentence. */
export function closed(what: string): never {
  throw new Objection(closedRefusal(what))
}

/** The same for a name that may be newer than the catalogue. */
export function unknown(what: string): never {
  throw new Objection(closedRefusal(what), true)
}

export function closedRefusal(what: string): Refusal {
  return refusal('denied', closedWorldRule, `${what} cannot be analysed`)
}

/** PostgreSQL's own answer to a relation that does not exist. */
export function unknownRelation(name: string, location: number): never {
  throw new Objection(
    refusal('malformed', closedWorldRule, `relation "${name}" does not exist`, '42P01'),
    true,
    location,
  )
}

/** PostgreSQL's own answer to an alias that no FROM item has. */
export function unknownEntry(name: string, location: number): never {
  throw new Objection(
    refusal('malformed', closedWorldRule, `missing FROM-clause entry for table "${name}"`, '42P01'),
    false,
    location,
  )
}

/** The same where the query has the table by another name, or another one by that name. */
export function unreachableEntry(name: string, alias: string, location: number): never {
  const message = `invalid reference to FROM-clause entry for table "${name}"`
  const why = refusal('malformed', closedWorldRule, message, '42P01')
  const hint = `Perhaps you meant to reference the table alias "${alias}".`
  throw new Objection(alias === name ? why : { ...why, hint }, false, location)
}

/** PostgreSQL's own answer to a column that does not exist; `name` as it prints it, quotes included. */
export function unknownColumn(name: string, location: number): never {
  throw new Objection(
    refusal('malformed', closedWorldRule, `column ${name} does not exist`, '42703'),
    true,
    location,
  )
}

export function tooComplex(what: string): never {
  throw new Objection(refusal('too_large', 'adapter/limits', `The statement has too many ${what}`, '54001'))
}
