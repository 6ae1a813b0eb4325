import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Json } from '@sluice/core'
import { withSettings } from './bound-settings.ts'
import { emptyStatement } from './judged.ts'
import type { BoundSetting, Statement } from './statement.ts'

const setting: BoundSetting = { name: 1, value: 2, local: true, alone: true }

function judged(values: readonly Json[], settings: readonly BoundSetting[] = [setting]): Statement | string {
  const statement = withSettings({ ...emptyStatement, settings }, values, ['public', 'app'])
  return 'code' in statement ? statement.message : statement
}

function changes(values: readonly Json[], settings?: readonly BoundSetting[]): unknown {
  const statement = judged(values, settings)
  if (typeof statement === 'string') return statement
  const { effect, lingers } = statement
  return { effect, lingers, settled: statement.settings === undefined }
}

suite('settings that parameters name', () => {
  const nothing = { effect: { kind: 'none' }, lingers: false, settled: true }

  test('change what a SET of them changes', () => {
    assert.deepEqual(changes(['work_mem', '4MB']), nothing)
    assert.deepEqual(changes(['Client_Encoding', 'utf8']), nothing)
    assert.deepEqual(changes(['work_mem', { type: 'bytes' }]), nothing)
    assert.deepEqual(changes(['sluice.note', 'x']), { ...nothing, lingers: true })
    assert.deepEqual(changes(['Search_Path', 'app, "public"']), {
      ...nothing,
      effect: { kind: 'search_path', schemas: ['app', 'public'], local: true },
    })
  })

  test('are refused where SET is, or where nobody knows what they are', () => {
    for (const [values, why] of [
      [['role', 'x'], /The setting role/],
      [['work_mem ', '4MB'], /The setting work_mem {2}/],
      [['client_encoding', { type: 'bytes' }], /The setting client_encoding/],
      [['search_path', 'evil'], /other schemas/],
      [['search_path', null], /neither a literal nor a parameter/],
      [['search_path', 'a"b'], /this form/],
      [[{ type: 'bytes' }, 'x'], /not given as a text/],
      [[null, 'x'], /not given as a text/],
      [[7, 'x'], /not given as a text/],
      [[], /not given as a text/],
    ] as const)
      assert.match(String(changes(values)), why)
    assert.match(String(changes(['search_path', 'app'], [{ ...setting, alone: false }])), /larger statement/)
    assert.match(String(changes(['work_mem', '4MB', 'role'], [setting, { ...setting, name: 3 }])), /role/)
  })
})
