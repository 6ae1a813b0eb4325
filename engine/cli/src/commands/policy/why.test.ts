import { test } from 'node:test'
import assert from 'node:assert/strict'
import { ran, scriptedServer } from '../../scripted.ts'

const rule = { file: 'a.rego', package: 'sluice.rules.a', value: '', tried: 1 }
const answer = {
  decision: 'dec_1',
  revision: 'a'.repeat(32),
  by: 'a'.repeat(32),
  actions: [
    {
      action: 'sql.ddl',
      recorded: {
        effect: 'deny',
        reasons: [{ rule: 'a/drop', message: 'DROP is not allowed.', remedy: '' }],
      },
      explained: { effect: 'allow', reasons: [] },
      withheld: ['parameters'],
      rules: [
        { ...rule, row: 3, name: 'deny', id: 'a/drop', held: true, failed: null },
        { ...rule, row: 9, name: '_helps', id: '', held: true, failed: null },
        {
          ...rule,
          row: 5,
          name: 'allow',
          id: 'a/read',
          held: false,
          failed: {
            row: 6,
            text: 'input.action.read_only',
            values: [{ name: 'input.action.read_only', value: 'false' }],
            uses: [],
          },
        },
      ],
    },
  ],
}

async function asked(...args: readonly string[]) {
  await using api = await scriptedServer(() => ({ body: JSON.stringify(answer) }))
  const env = { SLUICE_URL: api.url, SLUICE_TOKEN: 'slu_x' }
  return { ...(await ran(['policy', 'why', ...args], env)), asked: api.asked }
}

test('the rules that applied, and where each other one ended', async () => {
  const { code, out, asked: requests } = await asked('ses_1#exc_1')
  assert.equal(code, 0)
  assert.deepEqual(requests, ['GET /v1/policies/explain?session=ses_1&exchange=exc_1'])
  assert.equal(
    out,
    `sql.ddl: deny
  a/drop  DROP is not allowed.
  without what is sealed in the log (parameters) it would be allow

applied
  deny   a/drop  a.rego:3

not applied, each with the condition at which it ended
  allow  a/read  a.rego:5
         6: input.action.read_only
           input.action.read_only = false
`,
  )
  const json = await asked('exc_1', '--session', 'ses_1', '--json')
  assert.deepEqual(JSON.parse(json.out), answer)
})

test('an exchange alone says not where it is', async () => {
  const { code, asked: requests } = await asked('exc_1')
  assert.deepEqual([code, requests], [2, []])
})
