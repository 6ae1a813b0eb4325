import { sizeOf, type Cast, type CastEvent } from './cast.ts'
import { Screen } from './screen.ts'

/** The screen as it was at any moment of a recording. */
export class Playback {
  screen: Screen
  #at = 0
  #next = 0
  readonly #cast: Cast

  constructor(cast: Cast) {
    this.#cast = cast
    this.screen = new Screen(cast.columns, cast.rows)
  }

  get at(): number {
    return this.#at
  }

  /** Forward from where it is; back means from the beginning, since a screen forgets what it has shown. */
  seek(seconds: number): Screen {
    if (seconds < this.#at) {
      this.screen = new Screen(this.#cast.columns, this.#cast.rows)
      this.#next = 0
    }
    this.#at = seconds
    for (let event = this.#cast.events[this.#next]; event !== undefined && event.at <= seconds;) {
      this.#apply(event)
      event = this.#cast.events[(this.#next += 1)]
    }
    return this.screen
  }

  #apply({ kind, data }: CastEvent): void {
    if (kind === 'output') this.screen.write(data)
    const size = kind === 'resize' ? sizeOf(data) : undefined
    if (size !== undefined) this.screen.resize(size.columns, size.rows)
  }
}
