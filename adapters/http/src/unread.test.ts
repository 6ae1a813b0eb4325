import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { refusal } from '@sluice/core'
import { HttpExchange, type Line } from './exchange.ts'
import type { RawHead } from './head.ts'
import { claimOf, unread } from './unread.ts'

const token = 'slu_0123456789abcdefghij'
const jwt = ['eyJhbGciOiJub25l', 'eyJzdWIiOiJhIn0', 'c2lnbmF0dXJl'].join('.')
const hosts = new Map([['api.example', 'other']])
const run = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'

function raw(url: string, ...headers: readonly string[]): RawHead {
  return { method: 'GET', url, httpVersion: '1.1', rawHeaders: headers }
}

function namesOf(head: RawHead): readonly (string | null)[] {
  const { target, token: shown } = claimOf(head, { hosts })
  return [target, shown]
}

suite('of a head that is refused', () => {
  test('it is told who sent it, and where to', () => {
    const own = ['X-Sluice-Authorization', `Bearer ${token}`]
    assert.deepEqual(namesOf(raw('/shop/../admin', ...own)), ['shop', token])
    assert.deepEqual(namesOf(raw('/shop?a=b', 'Authorization', `Bearer ${jwt}`)), ['shop', jwt])
    assert.deepEqual(namesOf(raw('/x//y', 'Host', 'API.example.:7480')), ['other', null])
    assert.equal(claimOf(raw('/shop', 'X-Sluice-Run-Id', run), { hosts }).run.id, run)
  })

  test('nothing is told that it does not say for certain', () => {
    const twice = ['X-Sluice-Authorization', `Bearer ${token}`, 'x-sluice-authorization', 'Bearer other']
    assert.deepEqual(namesOf(raw('/shop', ...twice)), ['shop', null])
    assert.deepEqual(namesOf(raw('/x', 'Host', 'api.example', 'Host', 'b.example')), ['x', null])
    for (const url of ['http://shop/a', '*', 'elsewhere:443', '//shop', '/..', '/SHOP/a', '/sh%6fp'])
      assert.deepEqual(namesOf(raw(url)), ['', null], url)
  })

  test('it is recorded as it came, but for its token, wherever that is', () => {
    const places: readonly RawHead[] = [
      raw('/shop/../a', 'X-Sluice-Authorization', `Bearer ${token}`),
      raw(`/shop/..?t=${token}`, 'Authorization', `Basic ${btoa(`any:${token}`)}`),
      raw(`/shop/..?t=%73%6cu_${token.slice(4)}`, 'X-Note', encodeURI(token).replace('u', '%75')),
      raw(`/shop/..?t=${jwt.replace('e', '%65')}`, 'Proxy-Authorization', `Bearer ${jwt}`),
      raw('/shop/..', token, '1', 'X-Api-Key', token, 'Cookie', `t=${token}`),
    ]
    for (const head of places) {
      const judged = unread(head, claimOf(head, { hosts }), refusal('malformed', 'http/path', 'No.'))
      const exchange = new HttpExchange(judged, {} as Line)
      const kept = Buffer.from(exchange.recordable ?? exchange.content).toString('latin1')
      assert.match(kept, /^GET (?:\/shop\/\.\.|\[redacted\])/)
      for (const secret of [token.slice(4), jwt.slice(1), btoa(`any:${token}`)])
        assert.ok(!kept.toLowerCase().includes(secret.toLowerCase()), kept)
    }
  })

  test('what is no secret stays byte for byte, and the action says nothing of it', () => {
    const head = raw('/shop/%2e%2e/admin?a=1;b', 'Host', 'gateway', 'X-Évil', 'a\tb', 'Host', 'c')
    const judged = unread(head, claimOf(head, { hosts }), refusal('malformed', 'http/head', 'No.'))
    const { content, recordable } = new HttpExchange(judged, {} as Line)
    assert.equal(recordable, undefined)
    assert.equal(
      content.toString('latin1'),
      'GET /shop/%2e%2e/admin?a=1;b HTTP/1.1\r\nhost: gateway\r\nx-évil: a\tb\r\nhost: c\r\n\r\n',
    )
    assert.deepEqual(judged.action, { name: 'http.unread', kind: 'unread', read_only: false })
  })
})
