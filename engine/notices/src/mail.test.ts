import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { systemClock } from '@sluice/core'
import type { Delivery } from './delivery.ts'
import { mail, type MailOptions } from './mail.ts'
import type { Message } from './notice.ts'
import { waitingNotice } from './scripted.ts'

interface Received {
  readonly from: string
  readonly to: readonly string[]
  readonly source: string
}

interface MailServer extends AsyncDisposable {
  readonly port: number
  readonly received: readonly Received[]
}

async function mailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const received: Received[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    closeTimeout: 100,
    onData: (stream, { envelope }, done) => {
      const { mailFrom, rcptTo } = envelope
      const from = mailFrom === false ? '' : mailFrom.address
      void text(stream).then((source) => {
        received.push({ from, to: rcptTo.map(({ address }) => address), source })
        done()
      })
    },
    ...options,
  })
  // A client that does not trust the certificate hangs up.
  server.on('error', () => {})
  const listening = server.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const address = listening.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return {
    port: address.port,
    received,
    [Symbol.asyncDispose]: () => new Promise((closed) => server.close(() => closed())),
  }
}

const notice = waitingNotice({ target: 'shop\r\nBcc: eve@example.com' })
const message: Message = { kind: 'notice', id: notice.id, notice }

function medium(port: number, change: Partial<MailOptions> = {}): ReturnType<typeof mail> {
  return mail({
    host: '127.0.0.1',
    port,
    tls: 'disable',
    from: 'sluice@example.com',
    to: ['bob@example.com', 'carol@example.com'],
    link: () => null,
    clock: systemClock,
    ...change,
  })
}

function deliver(of: ReturnType<typeof mail>, what: Message = message): Promise<Delivery> {
  return of.deliver(what, new AbortController().signal)
}

suite('mail', () => {
  test('is one for each address, from us, with no header of somebody else', async () => {
    await using server = await mailServer()
    assert.deepEqual(await deliver(medium(server.port)), { kind: 'delivered' })
    assert.deepEqual(
      server.received.map(({ to }) => to),
      [['bob@example.com'], ['carol@example.com']],
    )
    const [first] = server.received
    const [head = ''] = first?.source.split('\r\n\r\n') ?? []
    assert.match(head, /^From: Sluice <sluice@example\.com>$/m)
    assert.match(head, /^Message-ID: <evt_1@example\.com>$/im)
    assert.doesNotMatch(head, /^Bcc:/im)
    assert.doesNotMatch(head, /carol/)
  })

  test('logs in where it is told to', async () => {
    const logins: unknown[] = []
    await using server = await mailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) => {
        logins.push([username, password])
        done(null, { user: username ?? '' })
      },
    })
    const login = { user: 'sluice', password: async () => 's3cret' }
    assert.equal((await deliver(medium(server.port, { login }))).kind, 'delivered')
    assert.deepEqual(logins, [['sluice', 's3cret']])
  })

  test('is not sent in clear by a server that offers no TLS', async () => {
    await using server = await mailServer()
    for (const tls of ['starttls', 'implicit'] as const) {
      const delivery = await deliver(medium(server.port, { tls }))
      assert.equal(delivery.kind, 'failed', tls)
    }
    assert.deepEqual(server.received, [])
  })

  test('is not sent to a server whose certificate nobody vouches for', async () => {
    await using server = await mailServer({ disabledCommands: [] })
    const delivery = await deliver(medium(server.port, { tls: 'starttls', host: 'localhost' }))
    assert.equal(delivery.kind, 'failed')
    assert.deepEqual(server.received, [])
  })

  test('to an address that is not there is given up, and the others get theirs', async () => {
    await using server = await mailServer({
      onRcptTo: ({ address }, _session, done) =>
        done(address.startsWith('bob') ? Object.assign(new Error('who?'), { responseCode: 550 }) : null),
    })
    const delivery = await deliver(medium(server.port))
    assert.deepEqual(delivery, { kind: 'refused', reason: 'the mail server answered 550' })
    assert.deepEqual(
      server.received.map(({ to }) => to),
      [['carol@example.com']],
    )
  })

  test('to an address that is busy is tried again, and whoever has theirs gets no other', async () => {
    let busy = true
    await using server = await mailServer({
      onRcptTo: ({ address }, _session, done) =>
        done(
          busy && address.startsWith('bob') ? Object.assign(new Error('later'), { responseCode: 451 }) : null,
        ),
    })
    const of = medium(server.port)
    assert.deepEqual(await deliver(of), {
      kind: 'failed',
      reason: 'the mail server answered 451',
      afterMs: 0,
    })
    busy = false
    assert.equal((await deliver(of)).kind, 'delivered')
    assert.deepEqual(
      server.received.map(({ to }) => to),
      [['carol@example.com'], ['bob@example.com']],
    )
  })

  test('to nobody there is a failure that passes', async () => {
    const delivery = await deliver(medium(1))
    assert.ok(delivery.kind === 'failed')
    assert.match(delivery.reason, /^the mail server cannot be used: E/)
  })
})
