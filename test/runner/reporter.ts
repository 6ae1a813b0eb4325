import type { TestEvent } from 'node:test/reporters'
import { inspect } from 'node:util'

const dotsPerLine = 80
/** Of a suite or a file: what failed in it has been told. */
const within = 'subtestsFailed'

/**
 * A dot for each test that passed; what failed as soon as it has, in full: a suite that is stopped has no end at which it could be
 * said.
 */
export default async function* reporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string, void> {
  let dots = 0
  for await (const { type, data } of events) {
    if (type !== 'test:complete') continue
    const { name, file = '', details } = data
    if (details.passed) yield ++dots % dotsPerLine === 0 ? '.\n' : '.'
    else if (details.error !== undefined && failureOf(details.error) !== within) {
      dots = 0
      yield `\n✖ ${name} (${file})\n${inspect(details.error.cause ?? details.error, { depth: 4 })}\n`
    }
  }
  yield '\n'
}

function failureOf(error: Error): unknown {
  return 'failureType' in error ? error.failureType : undefined
}
