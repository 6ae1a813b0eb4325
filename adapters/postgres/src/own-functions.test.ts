import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { SchemaError } from '@sluice/core'
import { ownFunctions } from './own-functions.ts'

suite('functions that an operator vouches for', () => {
  test('are named with their schema, and say what rows they are of', () => {
    assert.deepEqual(ownFunctions(undefined), [])
    assert.deepEqual(
      ownFunctions([
        'public.tax',
        { name: 'app.revenue', reads: ['public.orders'], changes: ['app.calls'], columns: ['day', 'sum'] },
        { name: 'app.one', reads: ['public.orders'], quiet: true },
      ]),
      [
        { schema: 'public', name: 'tax', reads: [], changes: [], columns: [], quiet: false },
        {
          schema: 'app',
          name: 'revenue',
          reads: [{ schema: 'public', name: 'orders' }],
          changes: [{ schema: 'app', name: 'calls' }],
          columns: ['day', 'sum'],
          quiet: false,
        },
        {
          schema: 'app',
          name: 'one',
          reads: [{ schema: 'public', name: 'orders' }],
          changes: [],
          columns: [],
          quiet: true,
        },
      ],
    )
  })

  const mistakes: readonly (readonly [string, unknown, string, RegExp])[] = [
    ['no list', 'public.tax', 'functions', /must be a list/],
    ['no schema', ['tax'], 'functions.0', /"schema\.name"/],
    ['three names', ['a.b.c'], 'functions.0', /"schema\.name"/],
    ['one of the server', ['pg_catalog.lower'], 'functions.0', /server's own/],
    ['one twice', ['a.b', { name: 'a.b' }], 'functions.1', /second function named a\.b/],
    ['a number', [4], 'functions.0', /a function is/],
    ['an unknown key', [{ name: 'a.b', writes: [] }], 'functions.0.writes', /unknown key "writes"/],
    ['no name', [{ reads: ['a.b'] }], 'functions.0.name', /"schema\.name"/],
    ['a word for a flag', [{ name: 'a.b', quiet: 'yes' }], 'functions.0.quiet', /true or false/],
    ['nothing read', [{ name: 'a.b', reads: [] }], 'functions.0.reads', /at least one name/],
    [
      'a relation without a schema',
      [{ name: 'a.b', changes: ['t'] }],
      'functions.0.changes',
      /"schema\.name"/,
    ],
  ]
  for (const [what, value, at, words] of mistakes)
    test(`are refused with their place: ${what}`, () => {
      assert.throws(
        () => ownFunctions(value),
        (error) => error instanceof SchemaError && error.at.join('.') === at && words.test(error.message),
      )
    })
})
