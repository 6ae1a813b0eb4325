import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createSecretKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer } from 'node:tls'
import {
  AgentAuthority,
  AgentState,
  agentLimits,
  connectTo,
  enrol,
  NotWelcome,
  StateError,
} from '@sluice/agent'
import { systemClock } from '@sluice/core'
import { eventually, tunnelStage, type TunnelStage } from './tunnel-stage.ts'

/** Who may be an agent, and how nobody else becomes one. */
suite('enrolling an agent', () => {
  let stage: TunnelStage
  let folder: string
  let offsetMs = 0
  const version = '0.0.1'

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-enrolment-'))
    stage = await tunnelStage({ clock: { ...clockOf(), now: () => systemClock.now() + offsetMs } })
  })
  after(async () => {
    await stage.close()
    await rm(folder, { recursive: true, force: true })
  })

  const stateIn = (name: string): Promise<AgentState> => AgentState.open(join(folder, name))
  const enrolWith = async (token: string, state: AgentState): ReturnType<typeof enrol> =>
    enrol(token, { gateways: [stage.gateway], state, version })
  const refusedWith =
    (code: string, words: RegExp) =>
    (error: unknown): true => {
      assert.ok(error instanceof NotWelcome, String(error))
      assert.equal(error.code, code)
      assert.match(error.message, words)
      return true
    }

  test('gives a certificate for the key that the agent made, which stays in its folder and is its owner’s', async () => {
    const state = await stateIn('one')
    const { id, name } = await enrolWith(await stage.invite('vpc'), state)
    assert.equal(name, 'vpc')
    assert.equal(new X509Certificate(state.certificate ?? '').subject, `CN=${id}`)
    for (const file of await readdir(join(folder, 'one')))
      assert.equal((await stat(join(folder, 'one', file))).mode & 0o777, 0o600, file)
    const key = await readFile(join(folder, 'one', 'agent.key'), 'utf8')
    const said = JSON.stringify(await stage.events())
    assert.ok(!said.includes(key.split('\n')[1] ?? ''))
    assert.equal(stage.agents.find(id)?.state, 'enrolled')
  })

  test('works once: another key is refused with the same token, also at the same time', async () => {
    const token = await stage.invite('vpc')
    const states = await Promise.all(['a', 'b', 'c'].map(stateIn))
    const results = await Promise.allSettled(states.map((state) => enrolWith(token, state)))
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
    await assert.rejects(
      enrolWith(token, await stateIn('d')),
      refusedWith('token_refused', /enrolled with this token already/),
    )
  })

  test('may be asked for again by the same key, as when the answer was lost', async () => {
    const [token, state] = [await stage.invite('vpc'), await stateIn('again')]
    const first = await enrolWith(token, state)
    assert.deepEqual(await enrolWith(token, state), first)
  })

  test('ends with the time of the invitation', async () => {
    const token = await stage.invite('vpc', 1)
    await sleep(5)
    await assert.rejects(enrolWith(token, await stateIn('late')), refusedWith('token_refused', /has expired/))
  })

  test('needs the secret of the invitation, and one that was not taken back', async () => {
    const token = await stage.invite('vpc')
    const [head = '', , pin = ''] = token.split('.')
    const forged = [head, randomBytes(32).toString('base64url'), pin].join('.')
    await assert.rejects(
      enrolWith(forged, await stateIn('forger')),
      refusedWith('token_refused', /No agent may enrol/),
    )
    const unknown = ['slua_agt_' + 'Z'.repeat(26), token.split('.')[1], pin].join('.')
    await assert.rejects(
      enrolWith(unknown, await stateIn('forger')),
      refusedWith('token_refused', /No agent may enrol/),
    )
    const id = /agt_\w{26}/.exec(token)?.[0] ?? ''
    await stage.agents.remove(id, { by: 'test#grace', reason: 'a mistake' })
    await assert.rejects(enrolWith(token, await stateIn('forger')), refusedWith('removed', /was removed/))
    assert.equal((await stateIn('forger')).certificate, null)
    await assert.rejects(enrolWith('slua_nothing', await stateIn('forger')), /no enrolment token/)
    assert.ok(stage.refused.some(({ rule }) => rule === 'agent/token'))
  })

  test('does not tell the token to whoever is not the gateway that the token is for', async () => {
    const other = await tunnelStage()
    try {
      const token = await stage.invite('vpc')
      const lured = enrol(token, { gateways: [other.gateway], state: await stateIn('lured'), version })
      await assert.rejects(lured, /not the one that the token is for/)
      assert.deepEqual(other.refused, [])
    } finally {
      await other.close()
    }
  })

  test('is void for an agent whose certificate is of another authority, of another key, or a gateway’s', async () => {
    const agent = await stage.start('vpc')
    const { id } = agent
    await agent.stop()
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const own = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const now = systemClock.now()
    const foreign = new AgentAuthority(createSecretKey(randomBytes(32)))
    const gateway = stage.authority.forGateway(now)
    for (const [certificate, key, words] of [
      [foreign.forAgent(id, publicKey, now), own, /of another authority/],
      [stage.authority.forAgent(id, publicKey, now), own, /not of the key with which/],
      [stage.authority.forAgent('vpc', publicKey, now), own, /not one of an agent/],
      [gateway.cert, gateway.key, /not one of an agent/],
    ] as const) {
      const forged = await mkdtemp(join(folder, 'forged-'))
      await writeFile(join(forged, 'agent.key'), key, { mode: 0o600 })
      await writeFile(join(forged, 'agent.pem'), certificate)
      await writeFile(join(forged, 'gateways.pem'), stage.authority.certificate)
      const state = await AgentState.open(forged)
      await assert.rejects(stage.start('vpc', { state }), refusedWith('certificate_refused', words))
    }
  })

  test('makes no gateway of an agent: its certificate is not one that another agent trusts', async () => {
    const agent = await stage.start('vpc')
    const impostor = createServer({
      cert: (agent.state.certificate ?? '') + stage.authority.certificate,
      key: agent.state.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      minVersion: 'TLSv1.3',
    })
    let heard = 0
    impostor.on('secureConnection', (socket) => void socket.on('error', () => {}).on('data', () => heard++))
    impostor.on('tlsClientError', () => {})
    await once(impostor.listen(0, '127.0.0.1'), 'listening')
    const { port } = impostor.address() as AddressInfo
    const at = { host: '127.0.0.1', port }
    const authority = await stateIn('trusting')
    await enrolWith(await stage.invite('vpc'), authority)
    await assert.rejects(connectTo(at, stage.authority.certificate, authority))
    assert.equal(heard, 0)
    impostor.close()
    await agent.stop()
  })

  test('is renewed over the connection before it ends, for the same key', async () => {
    offsetMs = 0
    const agent = await stage.start('renewed')
    const first = agent.state.certificate
    await agent.stop()
    offsetMs = 0.6 * agentLimits.certificateLifeMs
    const again = await stage.start('renewed', { state: agent.state })
    await eventually(() => agent.state.certificate !== first)
    const [before, now] = [
      new X509Certificate(first ?? ''),
      new X509Certificate(agent.state.certificate ?? ''),
    ]
    assert.ok(Date.parse(now.validTo) > Date.parse(before.validTo))
    assert.ok(now.publicKey.equals(before.publicKey))
    await again.stop()
    offsetMs = 0
  })

  test('is over when the certificate has expired', async () => {
    const agent = await stage.start('expired')
    await agent.stop()
    offsetMs = agentLimits.certificateLifeMs + 1_000
    const again = stage.start('expired', { state: agent.state })
    await assert.rejects(again, refusedWith('certificate_expired', /has expired: enrol it anew/))
    offsetMs = 0
  })

  test('ends with its removal: connections there are, and those to come', async () => {
    const agent = await stage.start('gone')
    await stage.agents.remove(agent.id, { by: 'test#grace', reason: 'retired' })
    await assert.rejects(agent.ended, refusedWith('removed', /was removed/))
    await eventually(() => stage.tunnels.all().every(({ agent: id }) => id !== agent.id))
    const types = (await stage.events()).map(({ type }) => type)
    assert.ok(types.includes('AgentJoined') && types.includes('AgentLeft') && types.includes('AgentRemoved'))
  })

  test('keeps nothing that others may read, and takes no certificate that is not its own', async () => {
    const state = await stateIn('kept')
    await enrolWith(await stage.invite('vpc'), state)
    const before = state.certificate
    const { publicKey } = generateKeyPairSync('ed25519')
    const [now, id] = [systemClock.now(), `agt_${'1'.repeat(26)}`]
    const foreign = new AgentAuthority(createSecretKey(randomBytes(32)))
    for (const certificate of [
      'nothing',
      stage.authority.forAgent(id, publicKey, now),
      stage.authority.forAgent(id, state.publicKey, now),
      foreign.forAgent(id, state.publicKey, now),
    ])
      await assert.rejects(state.renewed(certificate), StateError)
    assert.equal(state.certificate, before)
    await chmod(join(folder, 'kept', 'agent.key'), 0o644)
    await assert.rejects(stateIn('kept'), /readable by its owner only/)
  })
})

function clockOf(): typeof systemClock {
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic(),
    after: (ms, callback) => systemClock.after(ms, callback),
  }
}
