import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { SMTPServer } from 'smtp-server'
import { startIdentityProvider, type DemoSubject, type IdentityProvider } from '@sluice/demo'
import {
  message,
  selfSigned,
  startBackend,
  startGateway,
  WireClient,
  type Backend,
  type Gateway,
} from '../src/index.ts'
import { starterPolicies } from './stage.ts'

/** People outside hear of what waits, and one of them decides where they heard of it. */

interface Got {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

interface Payload {
  readonly type: string
  readonly approval: { readonly id: string; readonly link: string; readonly target: string }
}

const hookSecret = 'hook-secret'
const signingSecret = 'signing-secret'

async function listening(server: Server | SMTPServer): Promise<void> {
  await once('server' in server ? server.listen(0, '127.0.0.1') : server.listen(0, '127.0.0.1'), 'listening')
}

function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return address.port
}

suite('notices, through a gateway as it is served', () => {
  let provider: IdentityProvider
  let backend: Backend
  let gateway: Gateway
  let folder: string
  let hook: Server
  let chat: Server
  let post: SMTPServer
  const hooks: Got[] = []
  const chats: Got[] = []
  const mails: { readonly secure: boolean; readonly to: readonly string[]; readonly source: string }[] = []
  let isDown = false

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-notices-'))
    const certificate = selfSigned('localhost', '127.0.0.1')
    await writeFile(join(folder, 'ca.pem'), certificate.cert)
    await writeFile(join(folder, 'hook'), hookSecret)
    await writeFile(join(folder, 'signing'), signingSecret)
    const hears =
      (got: Got[]): RequestListener =>
      (request, response) => {
        void text(request).then((body) => {
          if (isDown) return response.writeHead(503).end()
          got.push({ headers: request.headers, body })
          return response.end('ok')
        })
      }
    hook = createTlsServer(certificate, hears(hooks))
    chat = createServer(hears(chats))
    post = new SMTPServer({
      ...certificate,
      authOptional: true,
      onData: (stream, { envelope, secure }, done) => {
        void text(stream).then((source) => {
          mails.push({ secure, to: envelope.rcptTo.map(({ address }) => address), source })
          done()
        })
      },
    })
    await Promise.all([listening(hook), listening(chat), listening(post)])
    provider = await startIdentityProvider({ port: 0 })
    backend = await startBackend()
    await backend.run('postgres', 'create table orders (id int primary key, total int)')
    await backend.run('postgres', 'insert into orders select i, 10 * i from generate_series(1, 40) i')
    await start()
  })
  after(async () => {
    await gateway?.close()
    await backend?.close()
    await provider?.close()
    hook?.close()
    chat?.close()
    await new Promise<void>((closed) => post?.close(() => closed()))
    await rm(folder, { recursive: true, force: true })
  })

  async function start(): Promise<void> {
    gateway = await startGateway({
      provider,
      policies: starterPolicies,
      targets: [{ name: 'shop', login: backend.login('postgres') }],
      data: folder,
      notices: {
        destinations: {
          hook: {
            kind: 'webhook',
            url: `https://localhost:${portOf(hook)}/hook`,
            secret: { file: 'hook' },
            tls_ca: 'ca.pem',
          },
          stranger: {
            kind: 'webhook',
            url: `https://localhost:${portOf(hook)}/stranger`,
            secret: { file: 'hook' },
          },
          chat: {
            kind: 'slack',
            url: `http://127.0.0.1:${portOf(chat)}/chat`,
            events: ['approval.requested'],
          },
          mail: {
            kind: 'mail',
            host: `localhost:${portOf(post.server)}`,
            tls_ca: 'ca.pem',
            from: 'sluice@example.com',
            to: ['bob@example.com'],
            events: ['approval.requested'],
          },
        },
        slack: {
          signing_secret: { file: 'signing' },
          users: { U1: 'demo#bob', U2: 'demo#langchain-reporting', U3: 'demo#carol' },
        },
      },
    })
  }

  async function deleting(id: number): Promise<WireClient> {
    const client = await WireClient.login(await gateway.login('langchain-reporting', 'shop'))
    client.send(message.query(`delete from orders where id = ${id}`))
    await client.until((messages) => messages.some(({ type }) => type === 'N'))
    return client
  }

  async function eventually<T>(find: () => T | undefined, what: string): Promise<T> {
    for (let tries = 0; tries < 500; tries++) {
      const found = find()
      if (found !== undefined) return found
      await sleep(20)
    }
    throw new Error(`${what} never arrived`)
  }

  const payloadOf = ({ body }: Got): Payload => JSON.parse(body) as Payload

  function requested(count: number): Promise<Payload> {
    return eventually(
      () => hooks.map(payloadOf).filter(({ type }) => type === 'approval.requested')[count - 1],
      `request ${count}`,
    )
  }

  async function clicked(user: string, approval: string): Promise<number> {
    const payload = {
      type: 'block_actions',
      trigger_id: randomUUID(),
      user: { id: user, team_id: 'T1' },
      response_url: 'http://127.0.0.1:1/nowhere',
      actions: [{ action_id: 'sluice_approve', value: approval }],
    }
    const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
    const timestamp = String(Math.floor(Date.now() / 1_000))
    const digest = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')
    const response = await fetch(`${api()}/v1/notices/slack`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': timestamp,
        'x-slack-signature': `v0=${digest}`,
      },
      body,
    })
    await response.body?.cancel()
    return response.status
  }

  function api(): string {
    return `http://${gateway.api.host}:${gateway.api.port}`
  }

  async function seen(who: DemoSubject): Promise<void> {
    const { password } = await gateway.login(who, 'shop')
    const response = await fetch(`${api()}/v1/approvals`, {
      headers: { authorization: `Bearer ${password}` },
    })
    assert.equal(response.status, 200)
    await response.body?.cancel()
  }

  async function votes(): Promise<readonly string[]> {
    return (await gateway.events()).flatMap(({ type, data }) =>
      type === 'ApprovalGranted' ? [`${data.voter.id} by ${data.token_id}`] : [],
    )
  }

  test('a held statement is told, voted on in Slack by an approver only, and performed', async () => {
    const client = await deleting(7)
    const { approval } = await requested(1)
    const [got] = hooks
    const { t, v1 } =
      /^t=(?<t>\d+),v1=(?<v1>\w+)$/.exec(String(got?.headers['sluice-signature']))?.groups ?? {}
    assert.equal(v1, createHmac('sha256', hookSecret).update(`${t}.${got?.body}`).digest('hex'))
    assert.equal(approval.link, `${api()}/approvals/${approval.id}`)
    const said = await eventually(() => chats[0], 'the message in Slack')
    assert.ok(said.body.includes(`"value":"${approval.id}"`), 'with buttons')
    const mailed = await eventually(() => mails[0], 'the mail')
    assert.deepEqual([mailed.secure, mailed.to], [true, ['bob@example.com']])
    assert.ok(mailed.source.includes(approval.id))
    for (const told of [...hooks, ...chats].map(({ body }) => body).concat(mailed.source))
      assert.doesNotMatch(told, /id = 7|where/, 'nothing of the statement')
    await eventually(
      () => gateway.reports.find((one) => /stranger do not arrive; trying again: .*CERT/.test(one)),
      'the doubt of a certificate that nobody vouches for',
    )

    assert.equal(await clicked('U2', approval.id), 200)
    assert.equal(await clicked('U9', approval.id), 200)
    assert.equal(await clicked('U1', approval.id), 200, 'bob was not seen yet')
    assert.deepEqual(await votes(), [])
    await seen('bob')
    assert.equal(await clicked('U1', approval.id), 200)
    assert.deepEqual(await votes(), ['demo#bob by slack:T1/U1'])
    await client.until((messages) => messages.some(({ type }) => type === 'Z'))
    client.close()
    assert.equal(
      (await backend.run('postgres', 'select count(*) from orders where id = 7')).rows[0]?.[0],
      '0',
    )
    await eventually(() => hooks.map(payloadOf).find(({ type }) => type === 'approval.consumed'), 'the end')
    assert.deepEqual(
      hooks.map((got) => payloadOf(got).type),
      ['approval.requested', 'approval.approved', 'approval.consumed'],
    )
  })

  test('what nobody could be told waits all the same, and is told after a restart', async () => {
    isDown = true
    const client = await deleting(8)
    await eventually(() => gateway.reports.find((one) => /hook do not arrive/.test(one)), 'the failure')
    const { password } = await gateway.login('bob', 'shop')
    const list = await fetch(`${api()}/v1/approvals`, { headers: { authorization: `Bearer ${password}` } })
    assert.equal(((await list.json()) as readonly unknown[]).length, 1, 'the request is in the inbox')
    client.close()
    await gateway.close()
    const before = hooks.length
    isDown = false
    await start()
    const { approval } = await requested(2)
    await eventually(() => hooks[before + 1], 'its end')
    assert.deepEqual(
      hooks.slice(before).map((got) => [payloadOf(got).type, payloadOf(got).approval.id]),
      [
        ['approval.requested', approval.id],
        ['approval.cancelled', approval.id],
      ],
    )
  })
})
