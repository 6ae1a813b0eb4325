'use strict'

// Loaded before a test file of node-postgres: its suite ends the process at the first failure, and says how it went to
// people only. Here it goes on with the next test, and each verdict is a JSON line.
const { appendFileSync } = require('node:fs')
const path = require('node:path')

const Suite = require(path.join(process.env.TESTS, 'suite.js'))

Suite.prototype.run = function (test, next) {
  const tell = (outcome, error) => {
    const why = String(error?.message ?? '').slice(0, 500)
    appendFileSync(
      process.env.VERDICTS,
      `${JSON.stringify({ test: `${process.env.FILE}: ${test.name}`, outcome, why })}\n`,
    )
  }
  if (!test.action) {
    tell('skipped')
    next()
    return
  }
  let over = false
  const end = (error) => {
    if (over) return
    over = true
    clearTimeout(late)
    tell(error ? 'failed' : 'passed', error)
    next()
  }
  const late = setTimeout(() => end(new Error(`not over after ${test.timeout} ms`)), test.timeout)
  test.run(end)
}
