import { refusal, Refused } from '@sluice/core'
import { Undecodable, type CellBatch, type Format } from '@sluice/masking'
import { lengthPrefixed } from '../column-mask.ts'
import { checkCopied } from '../copy/response.ts'
import { back } from '../messages.ts'
import type { Reply } from '../replies.ts'
import type { Cells, Rewriter } from '../rewriter.ts'
import { fieldsOf, type Field } from '../row-description.ts'
import type { MaskPlan } from '../statement.ts'
import { Cursor, headerBytes, textOf } from '../wire.ts'
import { columnLook, type ColumnLook } from './column-look.ts'
import { CopySearch } from './copy-search.ts'
import type { Detection } from './detection.ts'
import { added, found, type Looked } from './looked.ts'
import { searched, type Edit, type Look } from './searched.ts'
import { wordsOf } from './words.ts'

/** The masks of the columns of rows that a statement of the message answers with. */
type Hidden = (fields: readonly Field[], statement: number) => Cells | undefined

/**
 * Hides what detectors find in the answer of one exchange, as it streams, behind the masks of columns: what those have
 * hidden is not looked into. An answer that is not described cannot be looked into and is refused.
 */
export class AnswerSearch {
  readonly #detection: Detection
  readonly #copied: MaskPlan['copy']
  readonly #hidden: Hidden
  /** Which statement of the message is answered. */
  #statement = 0
  /** Of the rows that come next; `undefined` when nobody knows. */
  #columns: readonly ColumnLook[] | undefined
  #names: readonly string[] = []
  #copy: CopySearch | undefined

  /** `hidden`: the columns that are masked whatever is in them. */
  constructor(detection: Detection, copied: MaskPlan['copy'], hidden: Hidden) {
    this.#detection = detection
    this.#copied = copied
    this.#hidden = hidden
  }

  /** RowDescription, or another answer to Describe. */
  describe(message: Buffer): void {
    this.#columns = undefined
    if (message[0] !== back.rowDescription) return
    const fields = fieldsOf(new Cursor(message, headerBytes))
    const hidden = this.#hidden(fields, this.#statement)
    this.#columns = fields.map(({ type, binary }, at) =>
      (hidden?.[at] ?? null) === null ? columnLook(type, this.#format(binary)) : null,
    )
    this.#names = this.#copied === undefined ? [] : fields.map(({ name }) => textOf(name))
  }

  #format(binary: boolean): Format {
    if (this.#copied !== undefined) return this.#copied.format.kind === 'binary' ? 'binary' : 'text'
    return binary ? 'binary' : 'text'
  }

  /** The same messages without what is found in them. Throws `Refused` for what cannot be shown. */
  apply(reply: Reply): Reply {
    try {
      return searched(reply, this.#detection.search, this.#message)
    } catch (error) {
      throw error instanceof Undecodable ? new Refused(undecodable, { cause: error }) : error
    }
  }

  readonly #message: Look = (bytes, at, next, batch) => {
    switch (bytes[at]) {
      case back.dataRow:
        return this.#row(bytes, at, batch)
      case back.rowDescription:
        this.describe(bytes.subarray(at, next))
        return undefined
      case back.commandComplete:
        // The next statement of a message describes its own rows.
        this.#columns = undefined
        this.#statement++
        return undefined
      case back.copyOutResponse:
        this.#copy = this.#copyOf(bytes.subarray(at, next))
        return undefined
      case back.copyData:
        if (this.#copy === undefined) throw new Refused(undescribed)
        return this.#copy.take(bytes, at, next, batch)
      case back.copyDone:
        this.#copy?.finish()
        return undefined
      case back.errorResponse:
      case back.noticeResponse:
        return wordsOf(bytes, at, next, batch)
      default:
        // Framing says nothing of data.
        return undefined
    }
  }

  /** Number of columns, then each with its length, -1 for NULL. */
  #row(bytes: Buffer, at: number, batch: CellBatch): Edit | undefined {
    const columns = this.#columns
    const count = bytes.readUInt16BE(at + headerBytes)
    if (columns?.length !== count) throw new Refused(undescribed)
    const cells: Looked[] = []
    let from = at + headerBytes + 2
    for (const look of columns) {
      const length = bytes.readInt32BE(from)
      const next = from + 4 + Math.max(0, length)
      if (look !== null && length > 0)
        cells.push({ from, next, look, place: added(bytes.subarray(from + 4, next), look, batch) })
      from = next
    }
    return cells.length === 0 ? undefined : (rewriter) => rewriteRow(rewriter, at, cells, batch)
  }

  #copyOf(response: Buffer): CopySearch {
    const columns = this.#columns
    if (this.#copied === undefined || columns === undefined) throw new Refused(undescribed)
    checkCopied(response, this.#copied.format, columns.length)
    return new CopySearch(this.#copied.format, columns, this.#names)
  }
}

function rewriteRow(rewriter: Rewriter, at: number, cells: readonly Looked[], batch: CellBatch): void {
  const { shift } = rewriter
  for (const cell of cells) {
    const shown = found(cell, batch)
    if (shown !== undefined) rewriter.replace(cell.from, cell.next, lengthPrefixed(shown))
  }
  rewriter.resized(at, shift)
}

const closed = (why: string): ReturnType<typeof refusal> => refusal('denied', 'adapter/detectors', why)
const undescribed = closed('The answer does not say which columns it holds, and it must be looked into here')
const undecodable = closed(
  'The answer must be looked into here, and a value in it has a form that is not known',
)
