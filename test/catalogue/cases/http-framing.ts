import { deflateRawSync, gzipSync } from 'node:zlib'
import { cannotShow } from '../case.ts'
import {
  ask,
  eachOf,
  hears,
  notFooled,
  performs,
  post,
  refused,
  type Entrance,
  type Fields,
  type HttpAttack,
  type HttpCase,
} from '../http-case.ts'

/** Where one request ends and the next begins (catalogue §2.3). */

const smuggles = 'a request that nobody judged reaches the API inside another one'
const tail = 'GET /admin HTTP/1.1\r\nHost: x\r\n\r\n'

/** A body that holds a request, framed by whoever reads it. */
function framed(fields: Fields, body = `0\r\n\r\n${tail}`, method = 'POST'): HttpAttack['send'] {
  return ask(method, '/ordinary', fields, body)
}

function lines(...text: readonly string[]): (at: Entrance) => string {
  return (at) => `GET ${at.prefix}/ordinary HTTP/1.1\r\nHost: x\r\n${at.authorization}${text.join('\r\n')}`
}

const length = (body: string): string => String(body.length)
const chunked = ['Transfer-Encoding', 'chunked'] as const
const both = length(`0\r\n\r\n${tail}`)

export const framingCases: readonly HttpCase[] = [
  {
    id: 'H10',
    title: 'both a length and chunks',
    stake: smuggles,
    attacks: eachOf(
      {
        'the length first': framed([['Content-Length', both], chunked]),
        'the length last': framed([chunked, ['Content-Length', both]]),
        'a shorter length': framed([['Content-Length', '6'], chunked]),
      },
      { shows: performs, through: refused(400) },
    ),
  },
  {
    id: 'H11',
    title: 'chunks by another name',
    stake: smuggles,
    attacks: [
      ...eachOf(
        Object.fromEntries(
          [
            'xchunked',
            'chunked, identity',
            'identity, chunked',
            '\x0bchunked',
            'Chunked',
            '"chunked"',
            'chunked;q=1',
            'gzip, chunked',
            'chunked, chunked',
          ].map((value) => [
            JSON.stringify(value),
            framed([
              ['Transfer-Encoding', value],
              ['Content-Length', both],
            ]),
          ]),
        ),
        { shows: performs, through: refused(400, 501) },
      ),
      {
        name: 'a space before the colon',
        send: framed([
          ['Transfer-Encoding ', 'chunked'],
          ['Content-Length', both],
        ]),
        shows: performs,
        through: refused(400),
      },
      {
        name: 'a coding that is none',
        send: ask('POST', '/ordinary', [['Transfer-Encoding', 'identity']]),
        shows: notFooled,
        through: refused(400, 501),
      },
    ],
  },
  {
    id: 'H12',
    title: 'lengths that are no numbers',
    stake: smuggles,
    attacks: [
      ...eachOf(
        Object.fromEntries(
          ['0, 44', '+0', '0x2c', '0;44', '0 44', '-1', '0_0', '0.0', '0e2'].map((value) => [
            value,
            framed([['Content-Length', value]], tail),
          ]),
        ),
        { shows: performs, through: refused(400) },
      ),
      ...eachOf(
        Object.fromEntries(
          ['0x2', '2;ext=1', '2 ', '+2', '-2', 'fffffffffffffffff', '', '2\n', '02\r', 'g'].map((size) => [
            `a chunk of ${JSON.stringify(size)}`,
            ask('POST', '/ordinary', [chunked], `${size}\r\n{}\r\n0\r\n\r\n`),
          ]),
        ),
        { shows: notFooled, through: { statuses: [200, 400, 413, 'cut'], never: /0x2|ext=1|fffff/ } },
      ),
      {
        name: 'no line end after a chunk',
        send: ask('POST', '/ordinary', [chunked], `2\r\n{}xx0\r\n\r\n`),
        shows: notFooled,
        through: refused(400),
      },
    ],
  },
  {
    id: 'H13',
    title: 'line ends and characters that are none',
    stake: 'a header that one parser sees and the other does not',
    attacks: [
      ...eachOf(
        {
          'a folded line': lines('X-A: 1', ' X-User: root', '', ''),
          'a line that ends in LF alone': lines('X-A: 1\nX-User: root', '', ''),
          'a line that ends in CR alone': lines('X-A: 1\rX-User: root', '', ''),
          'a NUL in a value': lines('X-A: 1\0', '', ''),
          'a NUL in a name': lines('X-\0A: 1', '', ''),
          'a control in a value': lines('X-A: \x01', '', ''),
          'a DEL in a value': lines('X-A: \x7f', '', ''),
          'a name with a space': lines('X A: 1', '', ''),
          'no name': lines(': 1', '', ''),
          'no colon': lines('X-A', '', ''),
          'a space before the first header': (at) =>
            `GET ${at.prefix}/ordinary HTTP/1.1\r\n Host: x\r\n${at.authorization}\r\n`,
          'a tab in the first line': (at) =>
            `GET\t${at.prefix}/ordinary HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n`,
          'a version that is none': (at) =>
            `GET ${at.prefix}/ordinary HTTP/1.10\r\nHost: x\r\n${at.authorization}\r\n`,
          'no version': (at) => `GET ${at.prefix}/ordinary\r\nHost: x\r\n${at.authorization}\r\n`,
          'HTTP/0.9': (at) => `GET ${at.prefix}/ordinary\r\n\r\n`,
          'HTTP/2.0 in words': (at) =>
            `GET ${at.prefix}/ordinary HTTP/2.0\r\nHost: x\r\n${at.authorization}\r\n`,
        },
        { shows: notFooled, through: refused(400, 505) },
      ),
      {
        name: 'two spaces in the first line',
        send: (at) => `GET  ${at.prefix}/ordinary HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n`,
        shows: notFooled,
        through: { statuses: [200, 400], never: /GET {2}/ },
      },
      {
        name: 'empty lines before it',
        send: (at) => `\r\n\r\nGET ${at.prefix}/ordinary HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n`,
        shows: notFooled,
        through: { statuses: [200, 400], never: /^\r\n/ },
      },
    ],
  },
  {
    id: 'H14',
    title: 'chunks in HTTP/1.0',
    stake: smuggles,
    attacks: [
      {
        name: 'as they are',
        send: (at) =>
          `POST ${at.prefix}/ordinary HTTP/1.0\r\nHost: x\r\n${at.authorization}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${tail}`,
        shows: performs,
        through: refused(400),
      },
    ],
  },
  {
    id: 'H15',
    title: 'what comes behind a request',
    stake: smuggles,
    attacks: [
      {
        name: 'the body of a GET',
        send: framed([['Content-Length', length(tail)]], tail, 'GET'),
        shows: hears(/GET \/admin/),
        // A server that does not read it must not take it for the next request.
        through: {
          statuses: [200, 400, 403],
          arrives: /^(?:$|GET \/ordinary .*\r\n[^]*connection: close\r\n)/i,
        },
      },
      {
        name: 'a GET that says nothing of its body',
        send: framed([], tail, 'GET'),
        shows: performs,
        through: { statuses: [200] },
      },
      ...eachOf(
        {
          'behind an upgrade': framed(
            [
              ['Connection', 'Upgrade'],
              ['Upgrade', 'websocket'],
              ['Sec-WebSocket-Version', '13'],
              ['Sec-WebSocket-Key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
            ],
            tail,
            'GET',
          ),
          'behind CONNECT': (at) =>
            `CONNECT ${at.prefix}/ordinary HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n${tail}`,
        },
        { shows: performs, through: refused(400, 403, 404, 405, 501) },
      ),
      {
        name: 'an API that switches by itself',
        send: ask('GET', '/switches'),
        shows: hears(/switches/),
        through: { statuses: [502, 'cut'], silent: /raw bytes/ },
      },
    ],
  },
  {
    id: 'H16',
    title: 'HTTP/2 made into HTTP/1.1',
    stake: smuggles,
    attacks: [
      {
        name: 'by prior knowledge',
        send: () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        shows: cannotShow('the API speaks HTTP/1.1 alone, as Sluice does'),
        through: { statuses: [400, 405, 505, 'cut'], arrives: null },
      },
    ],
  },
  {
    id: 'H18',
    title: 'an upgrade to HTTP/2',
    stake: smuggles,
    attacks: [
      {
        name: 'h2c',
        send: ask('GET', '/ordinary', [
          ['Connection', 'Upgrade, HTTP2-Settings'],
          ['Upgrade', 'h2c'],
          ['HTTP2-Settings', 'AAMAAABkAAQCAAAAAAIAAAAA'],
        ]),
        shows: hears(/upgrade: h2c/i),
        through: { statuses: [200, 400, 501], never: /h2c|http2-settings/i, silent: /HTTP\/1.1 101/ },
      },
    ],
  },
  {
    id: 'H21',
    title: 'expectations',
    stake: 'a body is sent, or taken, that nobody asked for',
    attacks: [
      {
        name: 'of something else',
        send: post('/ordinary', '{}', [['Expect', 'a-miracle']]),
        shows: hears(/a-miracle/),
        through: refused(417),
      },
      {
        name: 'of too much',
        send: ask('POST', '/ordinary', [
          ['Expect', '100-continue'],
          ['Content-Length', '99999999'],
        ]),
        shows: hears(/99999999/),
        through: { statuses: [413], arrives: null, silent: /100 Continue/i },
      },
      {
        name: 'without a token',
        send: (at) =>
          `POST ${at.prefix}/ordinary HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`,
        shows: hears(/100-continue/i),
        through: { statuses: [401], arrives: null, silent: /100 Continue/i },
      },
    ],
  },
  {
    id: 'H22',
    title: 'packed bodies of requests',
    stake: 'a policy cannot read what the API unpacks, or the gateway drowns in it',
    attacks: [
      {
        name: 'gzip',
        send: packed('gzip', gzipSync('{"role":"admin"}')),
        shows: performs,
        through: refused(403),
      },
      {
        name: 'gzip, in which there is nothing wrong',
        send: packed('gzip', gzipSync('{"role":"user"}')),
        shows: hears(/content-encoding: gzip/i),
        through: { statuses: [200], arrives: /\r\n\r\n\{"role":"user"\}$/, never: /content-encoding/i },
      },
      {
        name: 'twice',
        send: packed('gzip, gzip', gzipSync(gzipSync('{"role":"admin"}'))),
        shows: performs,
        through: refused(403),
      },
      {
        name: 'a coding of its own',
        send: packed('x-own', Buffer.from('{}')),
        shows: hears(/x-own/),
        through: refused(400, 415),
      },
      {
        name: 'a bomb',
        send: packed('gzip', gzipSync(Buffer.alloc(32 * 1_048_576))),
        shows: hears(/gzip/i),
        through: refused(400, 413),
      },
      {
        name: 'what is not what it says',
        send: packed('gzip', deflateRawSync('{}')),
        shows: hears(/gzip/i),
        through: refused(400),
      },
    ],
  },
  {
    id: 'H27',
    title: 'documents that are read in two ways',
    stake: 'a policy reads another value than the API',
    attacks: [
      {
        name: 'a key twice',
        send: post('/users', '{"role":"user","role":"admin"}', [['Content-Type', 'application/json']]),
        shows: performs,
        through: refused(400, 403),
      },
      {
        name: 'a key twice, escaped',
        send: post('/users', '{"r\\u006fle":"user","role":"admin"}', [['Content-Type', 'application/json']]),
        shows: performs,
        through: refused(400, 403),
      },
      ...eachOf(
        {
          'too deep': post('/ordinary', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, [
            ['Content-Type', 'application/json'],
          ]),
          broken: post('/ordinary', '{"a":', [['Content-Type', 'application/json']]),
          'with a comment': post('/ordinary', '{}/* */', [['Content-Type', 'application/json']]),
          'in another character set': post('/ordinary', Buffer.from('{}', 'utf16le'), [
            ['Content-Type', 'application/json; charset=utf-16le'],
          ]),
          'not UTF-8': post('/ordinary', Buffer.from([0x22, 0xff, 0x22]), [
            ['Content-Type', 'application/json'],
          ]),
        },
        { shows: hears(/ \/ordinary/), through: refused(400, 403, 413, 415) },
      ),
      ...eachOf(
        {
          'as a text': post('/users', '{"role":"admin"}', [['Content-Type', 'text/plain']]),
          'as bytes': post('/users', '{"role":"admin"}', [['Content-Type', 'application/octet-stream']]),
          'as a type of its own': post('/users', '{"role":"admin"}', [['Content-Type', 'application/x-own']]),
          'as nothing': post('/users', '{"role":"admin"}'),
          'as a text in UTF-16': post('/users', Buffer.from('{"role":"admin"}', 'utf16le'), [
            ['Content-Type', 'text/plain'],
          ]),
          'as a form': post('/users', '{"role":"admin"}', [
            ['Content-Type', 'application/x-www-form-urlencoded'],
          ]),
          'as GraphQL': post('/users', '{"role":"admin"}', [['Content-Type', 'application/graphql']]),
          'as a text, in front of another': post('/users', '{"role":"admin"} {}', [
            ['Content-Type', 'text/plain'],
          ]),
          'as a text that is not UTF-8': post(
            '/users',
            Buffer.from('{"role":"admin","a":"\xff"}', 'latin1'),
            [['Content-Type', 'text/plain']],
          ),
          'as a text, a key twice': post('/users', '{"role":"user","role":"admin"}', [
            ['Content-Type', 'text/plain'],
          ]),
        },
        { shows: performs, through: refused(400, 403) },
      ),
      {
        name: 'a prototype',
        send: post('/ordinary', '{"__proto__":{"role":"admin"},"constructor":1}', [
          ['Content-Type', 'application/json'],
        ]),
        shows: performs,
        through: refused(400, 403),
      },
      {
        name: 'numbers without end',
        send: post('/ordinary', '{"a":1e309,"b":12345678901234567890}', [
          ['Content-Type', 'application/json'],
        ]),
        shows: hears(/1e309/),
        through: { statuses: [200, 400, 403], arrives: /(?:^$|12345678901234567890)/ },
      },
    ],
  },
  {
    id: 'H41',
    title: 'too much of a head',
    stake: 'a few callers use up the memory of the gateway',
    attacks: [
      {
        name: 'a header of 64 KiB',
        send: ask('GET', '/ordinary', [['X-Filler', 'x'.repeat(65_536)]]),
        shows: hears(/xxxxxxxx/),
        through: refused(400, 431),
      },
      {
        name: 'ten thousand headers',
        send: ask(
          'GET',
          '/ordinary',
          Array.from({ length: 10_000 }, (_, at) => [`X-${at}`, '1'] as const),
        ),
        shows: hears(/X-9999/),
        through: refused(400, 431),
      },
      {
        name: 'three hundred headers',
        send: ask(
          'GET',
          '/ordinary',
          Array.from({ length: 300 }, (_, at) => [`X-${at}`, '1'] as const),
        ),
        shows: hears(/X-299/),
        through: refused(400, 431),
      },
      {
        name: 'an address of 64 KiB',
        send: ask('GET', `/${'a'.repeat(65_536)}`),
        shows: hears(/aaaaaaaa/),
        through: refused(400, 414, 431),
      },
      {
        name: 'an answer with a flood of interim ones',
        send: ask('GET', '/interim-flood'),
        shows: hears(/interim/),
        through: { statuses: [200, 502, 'cut'], silent: /(?:103[\s\S]*){20}/ },
      },
      {
        name: 'an answer with a flood of headers',
        send: ask('GET', '/many-headers'),
        shows: hears(/many/),
        through: { statuses: [502, 'cut'] },
      },
    ],
  },
]

function packed(coding: string, body: Buffer): HttpAttack['send'] {
  return post('/users', body, [
    ['Content-Encoding', coding],
    ['Content-Type', 'application/json'],
  ])
}
