import { test } from 'node:test'
import assert from 'node:assert/strict'
import { opening } from './hello.ts'
import { int32, ProtocolViolation } from './wire.ts'

function packet(parameters: readonly (readonly [string, string])[], version = 196_608, tail = '\0'): Buffer {
  const body = Buffer.from(parameters.map(([name, value]) => `${name}\0${value}\0`).join('') + tail)
  return Buffer.concat([int32(8 + body.length), int32(version), body])
}
const login = [
  ['user', 'any'],
  ['database', 'shop'],
] as const

function startup(...more: readonly (readonly [string, string])[]) {
  const open = opening(packet([...login, ...more]))
  return open.kind === 'startup' ? open.startup : assert.fail(JSON.stringify(open))
}

test('the database names the target; what a client may set goes along', () => {
  const { target, application, wanted } = startup(['application_name', 'app'], ['TimeZone', 'UTC'])
  assert.deepEqual(
    [target, application, [...wanted]],
    [
      'shop',
      'app',
      [
        ['application_name', 'app'],
        ['timezone', 'UTC'],
      ],
    ],
  )
})

test('run ids come from options, parameters and the application name', () => {
  assert.equal(startup(['options', '-c sluice.run_id=r1']).run.id, 'r1')
  assert.equal(startup(['sluice.run_id', 'r2']).run.id, 'r2')
  assert.equal(startup(['application_name', 'x run_id=r3']).run.id, 'r3')
})

const refusedParameters: readonly (readonly [string, string, string])[] = [
  ['replication', 'database', '0A000'],
  ['replication', 'true', '0A000'],
  ['replication', '1', '0A000'],
  ['search_path', 'evil', '42501'],
  ['role', 'admin', '42501'],
  ['client_encoding', 'SJIS', '42501'],
  ['client_encoding', 'LATIN1', '42501'],
  ['standard_conforming_strings', 'off', '42501'],
  ['session_preload_libraries', 'x', '42501'],
  ['unheard_of', 'x', '42501'],
  ['options', '-c standard_conforming_strings=off', '42501'],
  ['options', '--search_path=evil', '42501'],
  ['options', '--search-path=evil', '42501'],
  ['options', '-csearch_path=evil', '42501'],
  ['options', '-c role=pg_monitor -c application_name=x', '42501'],
  ['options', '-c sea\\rch_path=evil', '42501'],
  ['options', '-d 5', '42501'],
  ['options', '-c', '42501'],
]
for (const [name, value, state] of refusedParameters)
  test(`refused at start: ${name}=${value}`, () => {
    const open = opening(packet([...login, [name, value]]))
    assert.equal(open.kind === 'refused' && open.refusal.native, state)
  })

test('a newer minor version and unknown protocol options are negotiated down', () => {
  const told = (minor: number, ...options: readonly (readonly [string, string])[]): unknown => {
    const open = opening(packet([...login, ...options], 196_608 + minor))
    return open.kind === 'startup' && [open.startup.minor, open.startup.unspoken]
  }
  assert.deepEqual(told(0), [0, null])
  assert.deepEqual(told(1), [0, []])
  assert.deepEqual(told(2), [2, null])
  assert.deepEqual(told(2, ['_pq_.x', '1']), [2, ['_pq_.x']])
  assert.deepEqual(told(9_999), [2, []])
})

test('other packets', () => {
  assert.equal(opening(Buffer.concat([int32(8), int32(80877103)])).kind, 'ssl')
  assert.equal(opening(Buffer.concat([int32(8), int32(80877104)])).kind, 'gss')
  assert.deepEqual(opening(Buffer.concat([int32(16), int32(80877102), int32(7), int32(-9)])), {
    kind: 'cancel',
    id: 7,
    secret: 'fffffff7',
  })
  const long = opening(Buffer.concat([int32(44), int32(80877102), int32(7), Buffer.alloc(32, 1)]))
  assert.equal(long.kind === 'cancel' && long.secret, '01'.repeat(32))
  for (const bytes of [0, 257])
    assert.throws(
      () => opening(Buffer.concat([int32(12 + bytes), int32(80877102), int32(7), Buffer.alloc(bytes)])),
      ProtocolViolation,
    )
  const old = opening(packet(login, 131_072))
  assert.equal(old.kind === 'refused' && old.refusal.native, '0A000')
})

test('malformed packets are violations, never a login', () => {
  assert.throws(
    () => opening(Buffer.concat([int32(9), int32(80877103), Buffer.from('x')])),
    ProtocolViolation,
  )
  assert.throws(() => opening(packet(login, 196_608, '\0x')), ProtocolViolation)
  assert.throws(() => opening(packet(login, 196_608, '')), ProtocolViolation)
  const twice = opening(packet([...login, ['database', 'other']]))
  assert.equal(twice.kind, 'refused')
  const nobody = opening(packet([['database', 'shop']]))
  assert.equal(nobody.kind === 'refused' && nobody.refusal.native, '28000')
})
