'use strict'

// A reporter of mocha that writes what came of each test, one JSON line each.
const { appendFileSync } = require('node:fs')

module.exports = function tellVerdicts(runner) {
  const tell = (test, outcome, error) => {
    const why = String(error?.message ?? '').slice(0, 500)
    appendFileSync(process.env.VERDICTS, `${JSON.stringify({ test: test.fullTitle(), outcome, why })}\n`)
  }
  runner.on('pass', (test) => tell(test, 'passed'))
  runner.on('fail', (test, error) => tell(test, 'failed', error))
  runner.on('pending', (test) => tell(test, 'skipped'))
}
