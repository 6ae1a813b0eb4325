import { Undecodable, type Format } from '@sluice/masking'
import { refusal, Refused, type Refusal } from '@sluice/core'
import { back } from './messages.ts'
import type { Reply } from './replies.ts'
import { Rewriter, type Cells } from './rewriter.ts'
import { fieldsOf, type Field } from './row-description.ts'
import type { Expected, MaskPlan } from './statement.ts'
import { CopyMask } from './copy/copy-mask.ts'
import type { CopyFormat } from './copy/format.ts'
import { checkCopied, undescribed } from './copy/response.ts'
import { AnswerSearch } from './detect/answer-search.ts'
import { Cursor, headerBytes, textOf } from './wire.ts'
import { isAboutMasked, withheld } from './withheld.ts'

/**
 * Station 7: hides masked columns in the answer of one exchange, as it streams. Which columns those are is said by
 * each RowDescription; an answer whose description does not prove that it holds nothing else is refused.
 */
export class Mask {
  readonly #plan: MaskPlan
  /** The words of errors and notices may tell of values. */
  readonly #withholds: boolean
  /** Of the rows that come next; `undefined` shows them as they are. */
  #cells: Cells | undefined
  #described = false
  /** Which statement of the message is answered. */
  #statement = 0
  /** Names of the columns that come next, for COPY. */
  #columns: readonly string[] = []
  /** Of COPY data; `undefined` where none may come, `null` shows it as it is. */
  #copy: CopyMask | null | undefined
  #failure: unknown
  /** Behind the masks of columns. */
  readonly #search: AnswerSearch | undefined

  /** `ends`: it ends a transaction that changed something under masks. */
  constructor(plan: MaskPlan, ends = false) {
    this.#plan = plan
    this.#withholds = plan.guarded || ends
    if (plan.detection !== undefined)
      this.#search = new AnswerSearch(plan.detection, plan.copy, (fields, statement) =>
        cellsOf(fields, plan.answers[statement] ?? null, plan),
      )
  }

  /** Nothing in the answer can need a change. */
  get idle(): boolean {
    return this.#plan.columns.size === 0 && !this.#withholds && this.#search === undefined
  }

  /** The answer to a Describe that the client does not see. What it forbids is thrown with the answer itself. */
  describeHidden(message: Buffer): void {
    try {
      this.#describe(message)
      this.#search?.describe(message)
    } catch (error) {
      this.#failure = error
    }
  }

  /** The same messages with their masked cells rewritten. Throws `Refused` for what cannot be shown. */
  apply(reply: Reply): Reply {
    if (this.#failure !== undefined) throw this.#failure
    const bytes = Buffer.from(reply.bytes.buffer, reply.bytes.byteOffset, reply.bytes.length)
    const rewriter = new Rewriter(bytes, reply)
    rewriter.columns(this.#cells)
    try {
      for (let at = 0; at < bytes.length;) {
        const next = at + 1 + bytes.readInt32BE(at + 1)
        this.#message(bytes, at, next, rewriter)
        at = next
      }
    } catch (error) {
      throw error instanceof Undecodable ? new Refused(undecodable, { cause: error }) : error
    }
    rewriter.add(this.#copy?.tally() ?? [])
    const masked = rewriter.result()
    return this.#search === undefined ? masked : this.#search.apply(masked)
  }

  #describe(message: Buffer): void {
    const { copy } = this.#plan
    const fields = message[0] === back.rowDescription ? described(message) : undefined
    const expected = this.#plan.answers[this.#statement] ?? null
    this.#cells = fields === undefined ? undefined : cellsOf(fields, expected, this.#plan)
    this.#described = fields !== undefined || copy === undefined
    if (fields !== undefined && copy !== undefined) this.#columns = fields.map(({ name }) => textOf(name))
  }

  #copied(message: Buffer): CopyMask | null {
    const { guarded, copy } = this.#plan
    if (!guarded) return null
    if (!this.#described || copy === undefined) throw new Refused(undescribed)
    if (this.#cells === undefined) return null
    checkCopied(message, copy.format, this.#cells.length)
    return new CopyMask(copy.format, this.#cells, this.#columns)
  }

  #words(bytes: Buffer, at: number, next: number, rewriter: Rewriter): void {
    const message = bytes.subarray(at, next)
    if (this.#withholds || isAboutMasked(message, this.#plan)) rewriter.replace(at, next, withheld(message))
  }

  #message(bytes: Buffer, at: number, next: number, rewriter: Rewriter): void {
    switch (bytes[at]) {
      case back.dataRow:
        if (this.#cells !== undefined) rewriter.row(at)
        else if (!this.#described) throw new Refused(undescribed)
        return
      case back.rowDescription:
        this.#describe(bytes.subarray(at, next))
        rewriter.columns(this.#cells)
        return
      case back.commandComplete:
        // The next statement of a message describes its own rows.
        this.#cells = undefined
        this.#described = false
        this.#statement++
        rewriter.columns(undefined)
        return
      case back.copyOutResponse:
        this.#copy = this.#copied(bytes.subarray(at, next))
        return
      case back.copyData:
        if (this.#copy === undefined) throw new Refused(undescribed)
        this.#copy?.apply(bytes, at, next, rewriter)
        return
      case back.copyDone:
        this.#copy?.finish()
        return
      case back.errorResponse:
      case back.noticeResponse:
        this.#words(bytes, at, next, rewriter)
        return
      default:
        // Framing says nothing of data.
        return
    }
  }
}

const closed = (why: string): Refusal => refusal('denied', 'adapter/closed_world', why)
const undecodable = closed('A value of a masked column has a form that its mask does not know')
const otherAnswer = closed(
  'The answer has other columns than the statement says, and one of its tables has masked ones',
)
const wholeRow = closed('The answer holds whole rows of a table with masked columns')
const unknownOrigin = closed('The answer holds a column of unknown origin beside a table with masked columns')

function described(rowDescription: Buffer): readonly Field[] {
  const cursor = new Cursor(rowDescription, headerBytes)
  const fields = fieldsOf(cursor)
  cursor.finish()
  return fields
}

function cellsOf(
  fields: readonly Field[],
  expected: readonly Expected[] | null,
  plan: MaskPlan,
): Cells | undefined {
  if (expected !== null && expected.length !== fields.length) throw new Refused(otherAnswer)
  let hides = false
  const cells = fields.map((field, at): Cells[number] => {
    const cell = cellOf(field, expected?.[at], plan)
    hides ||= cell !== null
    return cell
  })
  return hides ? cells : undefined
}

/** By what the server says that it is, and by what the statement says. */
function cellOf(
  { table, attribute, type, binary }: Field,
  expected: Expected | undefined,
  plan: MaskPlan,
): Cells[number] {
  const asked = binary ? 'binary' : 'text'
  const format = plan.copy === undefined ? asked : formatOf(plan.copy.format)
  const mask = plan.columns.get(table)?.get(attribute)
  // A cast that changes nothing: the server vouches for it that this is the column.
  if (expected?.kind === 'derived' && (mask === undefined || mask !== expected.mask.only))
    return expected.mask.cell(type, format)
  const refused = contradiction(table, attribute, expected) ?? objection(table, attribute, expected, plan)
  if (refused !== undefined) throw new Refused(refused)
  if (mask === undefined) return null
  const cell = mask.cell(type, format)
  if (cell.kind === 'refused') throw new Refused(cell.refusal)
  return cell
}

/** COPY in text and in CSV writes values as they are in text. */
function formatOf({ kind }: CopyFormat): Format {
  return kind === 'binary' ? 'binary' : 'text'
}

/** What is a plain column by the statement and another one by the answer is not understood. */
function contradiction(
  table: number,
  attribute: number,
  expected: Expected | undefined,
): Refusal | undefined {
  if (expected?.kind !== 'column') return undefined
  return expected.table === table && expected.attribute === attribute ? undefined : otherAnswer
}

function objection(
  table: number,
  attribute: number,
  expected: Expected | undefined,
  plan: MaskPlan,
): Refusal | undefined {
  if (table === 0)
    return plan.guarded && !plan.computed && expected?.kind !== 'clear' ? unknownOrigin : undefined
  if (attribute === 0 && (plan.guarded || plan.columns.has(table))) return wholeRow
  // A statement that names no masked table shows none; should its answer say otherwise, the masks still apply.
  return plan.guarded && !plan.known.has(table) ? unknownOrigin : undefined
}
