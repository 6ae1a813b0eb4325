import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { neutralInput } from '../neutral-input.ts'
import { Compiler, type RuleTrace } from '../compiler.ts'
import { verdictOf } from '../verdict.ts'

const compiler = await Compiler.open(null)
after(() => compiler[Symbol.asyncDispose]())

const source = `package sluice.rules.a

allow contains {"rule": "a/read"} if {
	input.action.kind == "select"
	not _closed
}

deny contains {"rule": "a/salaries"} if {
	some relation in input.action.relations
	relation.name == "salaries"
	not "hr" in input.subject.groups
}

deny contains {"rule": "a/often"} if input.session.facts.requests > data.most

_closed if input.time.hour > 20
`

async function explained(
  relations: readonly string[],
  more: Partial<typeof neutralInput> = {},
): Promise<{ readonly effect: string; readonly of: (id: string) => RuleTrace }> {
  const touched = relations.map((name) => ({ schema: 'public', name, access: 'read', columns: ['*'] }))
  const input = { ...neutralInput, ...more, action: { ...neutralInput.action, relations: touched } }
  const [found] = await compiler.explain({ files: { 'a.rego': source }, data: { most: 9 } }, [input])
  assert.ok(found !== undefined)
  const of = (id: string): RuleTrace => {
    const rule = found.rules.find((each) => each.id === id || each.name === id)
    assert.ok(rule !== undefined, id)
    return rule
  }
  return { effect: verdictOf(found.value).effect, of }
}

test('a rule that applied says so, also an allow behind a denial', async () => {
  const { effect, of } = await explained(['people', 'salaries'])
  assert.equal(effect, 'deny')
  const denied = of('a/salaries')
  assert.deepEqual([denied.held, denied.failed, denied.file, denied.row], [true, null, 'a.rego', 8])
  assert.equal(of('a/read').held, true)
})

test('one that did not says at which condition it ended, and what that looked at', async () => {
  const { effect, of } = await explained(['people'])
  assert.equal(effect, 'allow')
  const { held, failed } = of('a/salaries')
  assert.equal(held, false)
  assert.deepEqual([failed?.row, failed?.text], [10, 'relation.name == "salaries"'])
  assert.match(failed?.values.find(({ name }) => name === 'relation')?.value ?? '', /"name":"people"/)
  assert.deepEqual(of('a/often').failed?.values, [
    { name: 'input.session.facts.requests', value: '0' },
    { name: 'data.most', value: '9' },
  ])
})

test('the condition that came furthest counts, whatever is tried behind it', async () => {
  const inGroup = { subject: { ...neutralInput.subject, groups: ['hr'] } }
  const { of } = await explained(['salaries', 'people'], inGroup)
  assert.equal(of('a/salaries').failed?.text, 'not "hr" in input.subject.groups')
})

test('a condition names the rules that it looks at, and these say what they came to', async () => {
  const late = { time: { ...neutralInput.time, hour: 23 } }
  const { effect, of } = await explained(['people'], late)
  assert.equal(effect, 'deny')
  assert.deepEqual(of('a/read').failed?.uses, ['sluice.rules.a._closed'])
  assert.deepEqual([of('_closed').held, of('_closed').value], [true, 'true'])
})
