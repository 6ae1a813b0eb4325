import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Refused } from '@sluice/core'
import { canonicalHead, type CanonicalHead, type RawHead } from './head.ts'
import { pathFor } from './path.ts'
import { hopOf, newPseudonym } from './via.ts'

const token = 'slu_0123456789abcdefghij'
const hosts = new Map([['api.example', 'other']])

function head(
  change: Partial<RawHead> & { readonly headers?: readonly (readonly [string, string])[] } = {},
): CanonicalHead {
  const { headers = [], ...rest } = change
  const rawHeaders = [
    ['Host', 'gateway:7480'],
    ['X-Sluice-Authorization', `Bearer ${token}`],
    ...headers,
  ].flat()
  return canonicalHead(
    { method: 'GET', url: '/shop/items', httpVersion: '1.1', rawHeaders, ...rest },
    { hosts, pseudonym },
  )
}

const pseudonym = newPseudonym()

function refused(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (error instanceof Refused) return error.refusal.rule
    throw error
  }
  return ''
}

/** Paths that servers read differently, by their number in the catalogue of attacks. */
const paths: readonly (readonly [number: string, path: string])[] = [
  ['H1', '/shop/api/../admin'],
  ['H1', '/shop/api/%2e%2e/admin'],
  ['H1', '/shop/api/%2e./admin'],
  ['H1', '/shop/api/.%2E/admin'],
  ['H1', '/shop/..%2fadmin'],
  ['H1', '/shop/%252e%252e/admin'],
  ['H1', '/shop/a%5cb'],
  ['H1', '/shop/a%00'],
  ['H1', '/shop/a%0d%0ab'],
  ['H1', '/../shop/items'],
  ['H2', '/shop//admin'],
  ['H2', '//shop/admin'],
  ['H2', '/shop/./admin'],
  ['H2', '/shop/..;/admin'],
  ['H2', '/shop/\\admin'],
  ['H2', '/shop/admin%20'],
  ['H2', '/shop/admin.'],
  ['H2', '/shop/admin%2e'],
  ['H3', '/shop/%c0%ae%c0%ae/admin'],
  ['H3', '/shop/%'],
  ['H3', '/shop/%zz'],
  ['H3', '/shop/%u002e'],
  ['H3', '/shop/%ff'],
  ['H3', '/shop/%ef%bc%8fadmin'],
  ['H3', '/shop/%ef%bc%a1dmin'],
  ['H3', '/shop/a%e2%80%8bb'],
  ['H13', '/shop/a b'],
  ['H13', '/shop/a\tb'],
  ['H19', 'http://internal/'],
  ['H19', '*'],
  ['H19', '@evil/'],
  ['H19', 'internal:443'],
]

/** Heads that are read in more than one way, or say what only the gateway may say. */
const heads: readonly (readonly [number: string, rule: string, change: Parameters<typeof head>[0]])[] = [
  ['H4', 'http/query', { url: '/shop/a?b=%zz' }],
  ['H4', 'http/query', { url: '/shop/a?b=%00' }],
  ['H5', 'http/method_override', { headers: [['X-HTTP-Method-Override', 'DELETE']] }],
  ['H5', 'http/method_override', { headers: [['X-Method-Override', 'DELETE']] }],
  ['H5', 'http/method_override', { headers: [['X-HTTP-Verb', 'DELETE']] }],
  ['H5', 'http/method_override', { headers: [['X-Tunneled-Method', 'DELETE']] }],
  ['H5', 'http/method_override', { url: '/shop/a?_method=DELETE' }],
  ['H5', 'http/method_override', { url: '/shop/a?X-HTTP-Method-Override=DELETE' }],
  ['H5', 'http/method_override', { url: '/shop/a?%5Fmethod=DELETE' }],
  ['H8', 'http/head', { headers: [['Host', 'other']] }],
  [
    'H8',
    'http/head',
    {
      headers: [
        ['Content-Length', '1'],
        ['Content-Length', '1'],
      ],
    },
  ],
  [
    'H8',
    'http/head',
    {
      headers: [
        ['Content-Type', 'a/b'],
        ['content-type', 'c/d'],
      ],
    },
  ],
  [
    'H8',
    'http/head',
    {
      headers: [
        ['Authorization', 'Bearer a'],
        ['Authorization', 'Bearer b'],
      ],
    },
  ],
  ['H9', 'http/host', { rawHeaders: ['X-Sluice-Authorization', `Bearer ${token}`] }],
  ['H9', 'http/host', { rawHeaders: ['Host', 'a@b'] }],
  ['H9', 'http/host', { rawHeaders: ['Host', ''] }],
  [
    'H10',
    'http/framing',
    {
      headers: [
        ['Content-Length', '6'],
        ['Transfer-Encoding', 'chunked'],
      ],
    },
  ],
  ['H11', 'http/framing', { headers: [['Transfer-Encoding', 'xchunked']] }],
  ['H11', 'http/framing', { headers: [['Transfer-Encoding', 'chunked, identity']] }],
  [
    'H11',
    'http/framing',
    {
      headers: [
        ['Transfer-Encoding', 'chunked'],
        ['Content-Length', '0'],
      ],
    },
  ],
  [
    'H11',
    'http/head',
    {
      headers: [
        ['Transfer-Encoding', 'chunked'],
        ['Transfer-Encoding', 'chunked'],
      ],
    },
  ],
  ['H11', 'http/head', { headers: [['Transfer-Encoding', '\x0bchunked']] }],
  ['H11', 'http/head', { headers: [['Transfer-Encoding ', 'chunked']] }],
  ['H12', 'http/framing', { headers: [['Content-Length', '5, 5']] }],
  ['H12', 'http/framing', { headers: [['Content-Length', '+5']] }],
  ['H12', 'http/framing', { headers: [['Content-Length', '0x5']] }],
  ['H12', 'http/framing', { headers: [['Content-Length', '-1']] }],
  ['H12', 'http/framing', { headers: [['Content-Length', '']] }],
  ['H13', 'http/head', { headers: [['X-A', 'b\r\nX-C: d']] }],
  ['H13', 'http/head', { headers: [['X-A', 'b\0']] }],
  ['H13', 'http/head', { headers: [['X A', 'b']] }],
  ['H14', 'http/framing', { httpVersion: '1.0', headers: [['Transfer-Encoding', 'chunked']] }],
  ['H14', 'http/version', { httpVersion: '2.0' }],
  ['H18', 'http/upgrade', { headers: [['Upgrade', 'websocket']] }],
  ['', 'http/authorization', { headers: [['Authorization', 'NTLM TlRMTVNTUAAB']] }],
  ['', 'http/authorization', { headers: [['Authorization', 'negotiate YII']] }],
  ['H19', 'http/method', { method: 'CONNECT' }],
  ['H21', 'http/expect', { headers: [['Expect', 'something']] }],
  ['H31', 'http/method', { method: 'TRACE' }],
  ['H31', 'http/method', { method: 'TRACK' }],
  ['H31', 'http/method', { method: 'get' }],
  ['H33', 'http/connection', { headers: [['Connection', 'close, Authorization']] }],
  ['H33', 'http/connection', { headers: [['Connection', 'x-sluice-authorization']] }],
  ['H34', 'http/token_place', { url: `/shop/a?access_token=${token}` }],
  ['H34', 'http/token_place', { url: `/shop/a?access_token=slu%5F0123456789abcdefghij` }],
  ['H34', 'http/token_place', { headers: [['Cookie', `t=${token}`]] }],
  ['H41', 'http/head', { headers: Array.from({ length: 101 }, () => ['X-A', '1'] as const) }],
  ['H41', 'http/head', { headers: [['X-A', 'b'.repeat(20_000)]] }],
  ['H41', 'http/request_target', { url: `/shop/a?${'b'.repeat(20_000)}` }],
]

suite('a head that servers read differently is refused', () => {
  for (const [number, path] of paths)
    test(`${number} ${JSON.stringify(path)}`, () => {
      assert.notEqual(
        refused(() => head({ url: path })),
        '',
      )
    })
  for (const [number, rule, change] of heads)
    test(`${number} ${JSON.stringify(change).slice(0, 90)}`, () => {
      assert.equal(
        refused(() => head(change)),
        rule,
      )
    })
})

test('H6 H7 H18 H33 H34: what only the gateway or a proxy says does not go upstream', () => {
  const { headers, token: carried } = head({
    headers: [
      ['X-Forwarded-For', '1.2.3.4'],
      ['Forwarded', 'for=1.2.3.4'],
      ['X-Real-IP', '1.2.3.4'],
      ['X-Original-URL', '/admin'],
      ['X-Rewrite-URL', '/admin'],
      ['X-User', 'root'],
      ['X_Forwarded_For', '1.2.3.4'],
      ['Connection', 'keep-alive, X-Hop'],
      ['X-Hop', '1'],
      ['Keep-Alive', 'timeout=5'],
      ['TE', 'trailers'],
      ['Upgrade', 'h2c'],
      ['HTTP2-Settings', 'x'],
      ['Proxy-Authorization', `Bearer ${token}`],
      ['Accept-Encoding', 'gzip'],
      ['X-Sluice-Run-Id', 'run-1'],
      ['X-Own', 'stays'],
      ['Accept', 'application/json'],
    ],
  })
  assert.equal(carried, token)
  assert.deepEqual(headers, [
    ['x-own', 'stays'],
    ['accept', 'application/json'],
  ])
})

test('H34: who is signed in at the console of the gateway is for no target to know', () => {
  const cookies = (cookie: string): readonly string[] =>
    head({ headers: [['Cookie', cookie]] }).headers.flatMap(([name, value]) =>
      name === 'cookie' ? [value] : [],
    )
  assert.deepEqual(cookies('__Host-sluice-session=s3cret'), [])
  assert.deepEqual(cookies('sid=1; sluice-session-7400=s3cret; theme=dark'), ['sid=1; theme=dark'])
  assert.deepEqual(cookies('__host-SLUICE-session=x;sid=1'), ['sid=1'])
  assert.deepEqual(cookies('sid="a=b; c"'), ['sid="a=b; c"'])
})

test('the token is found where SDKs put it, and what is the target’s own goes there', () => {
  const tokenOf = (...raw: string[]): readonly [string | null, readonly string[]] => {
    const read = canonicalHead(
      { method: 'GET', url: '/shop/', httpVersion: '1.1', rawHeaders: ['Host', 'g', ...raw] },
      { hosts, pseudonym },
    )
    return [read.token, read.headers.map(([name]) => name)]
  }
  const basic = `Basic ${Buffer.from(`any:${token}`).toString('base64')}`
  assert.deepEqual(tokenOf('Authorization', `Bearer ${token}`), [token, []])
  assert.deepEqual(tokenOf('Proxy-Authorization', basic), [token, []])
  assert.deepEqual(tokenOf('x-api-key', token), [token, []])
  assert.deepEqual(tokenOf('x-api-key', 'sk-of-the-target'), [null, ['x-api-key']])
  assert.deepEqual(tokenOf('X-Sluice-Authorization', `Bearer ${token}`, 'Authorization', 'Bearer theirs'), [
    token,
    ['authorization'],
  ])
  assert.throws(() => tokenOf('X-Sluice-Authorization', token), /Bearer <token>/)
})

test('a target is found by the path or by a host of its own, never by what else the host says', () => {
  assert.deepEqual([head().target, head().prefix, head().path], ['shop', '/shop', '/items'])
  const own = head({ rawHeaders: ['Host', 'API.example:80'] })
  assert.deepEqual([own.target, own.prefix, own.path], ['other', '', '/shop/items'])
  assert.equal(head({ url: '/shop' }).path, '/')
  assert.equal(
    refused(() => head({ url: '/' })),
    'http/target',
  )
})

test('H2: a target says whether letters and parameters of a path mean something', () => {
  const sensitive = { case: 'sensitive', path_parameters: false } as const
  assert.equal(pathFor('/ADMIN', { ...sensitive, case: 'insensitive' }), '/admin')
  assert.equal(pathFor('/ADMIN', sensitive), '/ADMIN')
  assert.equal(
    refused(() => pathFor('/a;x=1', sensitive)),
    'http/path',
  )
  assert.equal(pathFor('/a;x=1', { ...sensitive, path_parameters: true }), '/a;x=1')
})

test('one spelling for each path, and nothing in it that could be read in another way', () => {
  assert.equal(head({ url: '/shop/%61b%7E/Zo%c3%ab/.well-known' }).path, '/ab~/Zo%C3%AB/.well-known')
  const piece = fc.oneof(
    fc.constantFrom(
      'a',
      'B',
      '%41',
      '%2e',
      '.',
      '..',
      '%2f',
      '/',
      '\\',
      '%5C',
      '%00',
      ';',
      '%3b',
      '%25',
      '%',
      'é',
      ' ',
      '%20',
      '~',
    ),
    fc.string({ maxLength: 3 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      let once: CanonicalHead
      try {
        once = head({ url: `/shop/${pieces.join('')}` })
      } catch (error) {
        assert.ok(error instanceof Refused)
        return
      }
      assert.equal(head({ url: `/shop${once.path}` }).path, once.path)
      const read = decodeURIComponent(once.path)
      assert.doesNotMatch(read, /\/\.{1,2}(?:[/;]|$)|\/\/|\\|\p{C}/u)
    }),
    { numRuns: 2_000 },
  )
})

test('a run and a trace are what a caller says of itself, in their form or not at all', () => {
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03'
  const { run } = head({
    headers: [
      ['traceparent', trace],
      ['X-Sluice-Run-Id', 'run-1'],
    ],
  })
  assert.equal(run.id, 'run-1')
  assert.equal(run.trace_id, '4bf92f3577b34da6a3ce929d0e0e4736')
  assert.deepEqual(
    head({
      headers: [
        ['traceparent', 'x'],
        ['X-Sluice-Run-Id', 'a b'],
      ],
    }).run,
    {
      trace_id: null,
      id: null,
    },
  )
})

test('of those a request came through only other gateways are told on, and one that was here before is refused', () => {
  const viaOf = (...values: string[]): readonly string[] =>
    head({ headers: values.map((value) => ['Via', value] as const) })
      .headers.filter(([name]) => name === 'via')
      .map(([, value]) => value)
  const [one, other] = [hopOf(newPseudonym()), hopOf(newPseudonym())]
  assert.deepEqual(viaOf('1.1 evil.example', '1.1 fred, 1.1 p.example (Apache)'), [])
  assert.deepEqual(viaOf(`1.0 fred, ${one}`, other), [one, other])
  for (const value of [
    hopOf(pseudonym),
    `1.1 fred,${hopOf(pseudonym)} , ${one}`,
    hopOf(pseudonym).toUpperCase(),
  ])
    assert.equal(
      refused(() => viaOf(value)),
      'http/loop',
    )
})
