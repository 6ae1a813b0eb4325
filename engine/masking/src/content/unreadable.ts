import { Undecodable } from '../data-type.ts'

/** The content is not what its type says, or of a kind in which nothing can be masked: none of it may be shown. */
export class Unreadable extends Undecodable {
  constructor(why: string, cause?: unknown) {
    super('content')
    this.name = 'Unreadable'
    this.message = why
    this.cause = cause
  }
}
