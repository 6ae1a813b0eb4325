import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Outage } from './outage.ts'

test('an outage is told once, and its end', () => {
  const told: string[] = []
  const heard: number[] = []
  const outage = new Outage('traces', (what, error) => told.push(`${what} ${String(error)}`))
  const tell = outage.heard<{ code: number; error?: Error }>(({ code }) => heard.push(code))
  tell({ code: 0 })
  for (const why of ['first', 'second']) tell({ code: 1, error: new Error(why) })
  tell({ code: 0 })
  tell({ code: 1 })
  assert.deepEqual(told, [
    'traces are not taken and are lost Error: first',
    'traces are taken again null',
    'traces are not taken and are lost null',
  ])
  assert.deepEqual(heard, [0, 1, 1, 0, 1], 'whoever sent it hears of each')
})
