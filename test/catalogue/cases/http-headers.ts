import { cannotShow } from '../case.ts'
import {
  ask,
  disarmed,
  eachOf,
  hears,
  performs,
  post,
  refused,
  type Fields,
  type HttpAttack,
  type HttpCase,
} from '../http-case.ts'

/** What a head says of its sender and of itself (catalogue §2.3). */

const ordinary = (...fields: Fields): HttpAttack['send'] => ask('GET', '/ordinary', fields)
const byName = (list: Fields): Readonly<Record<string, HttpAttack['send']>> =>
  Object.fromEntries(list.map(([name, value]) => [`${name}: ${value}`, ordinary([name, value])]))

export const headerCases: readonly HttpCase[] = [
  {
    id: 'H6',
    title: 'headers in which proxies speak to servers',
    stake: 'the caller is somebody else, or asks for something else, in the eyes of the API',
    attacks: [
      ...eachOf(
        byName([
          ['X-Original-URL', '/admin'],
          ['X-Rewrite-URL', '/admin'],
          ['X-User', 'root'],
          ['X-Remote-User', 'root'],
          ['X-Forwarded-User', 'root'],
          ['X-Authenticated-User', 'root'],
          ['Remote-User', 'root'],
        ]),
        { shows: performs, through: disarmed(/original-url|rewrite-url|-user: root/i) },
      ),
      ...eachOf(
        byName([
          ['X-Forwarded-For', '203.0.113.66'],
          ['X-Forwarded-Host', 'evil.example'],
          ['X-Forwarded-Proto', 'https'],
          ['X-Forwarded-Prefix', '/evil'],
          ['Forwarded', 'for=203.0.113.66;host=evil.example'],
          ['X-Real-IP', '203.0.113.66'],
          ['X-Client-IP', '203.0.113.66'],
          ['True-Client-IP', '203.0.113.66'],
          ['Via', '1.1 evil.example'],
        ]),
        {
          shows: hears(/203\.0\.113\.66|evil|https/),
          through: disarmed(/203\.0\.113\.66|evil|forwarded-proto: https/i),
        },
      ),
    ],
  },
  {
    id: 'H7',
    title: 'underscores in names',
    stake: 'a header that is stripped comes back under a name that the API takes for it',
    attacks: eachOf(
      byName([
        ['X_User', 'root'],
        ['x_forwarded_user', 'root'],
        ['REMOTE_USER', 'root'],
      ]),
      {
        shows: performs,
        through: { statuses: [200, 400], never: /_user/i },
      },
    ),
  },
  {
    id: 'H8',
    title: 'headers that come twice',
    stake: 'gateway and API go by another one of the two',
    attacks: [
      ...eachOf(
        {
          Host: ordinary(['Host', 'evil.example']),
          Authorization: ordinary(['Authorization', 'Bearer a'], ['Authorization', 'Bearer b']),
          'Content-Type': post('/ordinary', '{}', [
            ['Content-Type', 'application/json'],
            ['Content-Type', 'text/plain'],
          ]),
          'Content-Length': ask(
            'POST',
            '/ordinary',
            [
              ['Content-Length', '0'],
              ['Content-Length', '2'],
            ],
            '{}',
          ),
          'Content-Length, the same twice': ask(
            'POST',
            '/ordinary',
            [
              ['Content-Length', '2'],
              ['Content-Length', '2'],
            ],
            '{}',
          ),
          'Transfer-Encoding': ask(
            'POST',
            '/ordinary',
            [
              ['Transfer-Encoding', 'chunked'],
              ['Transfer-Encoding', 'chunked'],
            ],
            '0\r\n\r\n',
          ),
        },
        { shows: hears(/ \/ordinary/), through: refused(400) },
      ),
      {
        name: 'the token',
        send: (at) =>
          `GET ${at.prefix}/ordinary HTTP/1.1\r\nHost: x\r\n${at.authorization}X-Sluice-Authorization: Bearer other\r\n\r\n`,
        shows: cannotShow('the API has no such token'),
        through: refused(400, 401),
      },
    ],
  },
  {
    id: 'H20',
    title: 'headers behind the body',
    stake: 'what is stripped from the head comes back in the trailers',
    attacks: eachOf(
      Object.fromEntries(
        [
          'Host: evil.example',
          'Content-Length: 99',
          'Transfer-Encoding: chunked',
          'Authorization: Bearer evil',
          'X-User: root',
          'Cookie: evil=1',
          'X-Checksum: evil',
        ].map((trailer) => [
          trailer,
          ask(
            'POST',
            '/ordinary',
            [
              ['Transfer-Encoding', 'chunked'],
              ['Trailer', trailer.split(':')[0] ?? ''],
            ],
            `2\r\n{}\r\n0\r\n${trailer}\r\n\r\n`,
          ),
        ]),
      ),
      {
        shows: hears(/\r\n0\r\n[A-Z]/),
        through: {
          statuses: [200, 400],
          never: /evil|content-length: 99|: root|transfer-encoding: chunked\r\n\r\n$/i,
        },
      },
    ),
  },
  {
    id: 'H33',
    title: 'headers that are for a neighbour only',
    stake: 'the credential of the gateway is dropped on its way, or a header that the policy counts on',
    attacks: [
      ...eachOf(
        {
          'naming the credential': ordinary(['Connection', 'close, Authorization']),
          'naming Host': ordinary(['Connection', 'Host']),
          'naming the length': post('/ordinary', '{}', [['Connection', 'Content-Length']]),
        },
        {
          shows: hears(/connection: /i),
          through: { statuses: [200, 400], never: /connection: .*(?:authorization|host|content-length)/i },
        },
      ),
      {
        name: 'the credential arrives all the same',
        send: ordinary(['Connection', 'Authorization'], ['Authorization', 'Bearer of-the-caller']),
        shows: hears(/of-the-caller/),
        through: { statuses: [200, 400], never: /of-the-caller/ },
      },
      ...eachOf(
        byName([
          ['Proxy-Connection', 'keep-alive'],
          ['Keep-Alive', 'timeout=99'],
          ['TE', 'trailers, deflate'],
          ['Proxy-Evil', 'evil'],
          ['Upgrade', 'evil'],
        ]),
        {
          shows: hears(/keep-alive|timeout=99|deflate|evil/i),
          through: { statuses: [200, 400, 501], never: /proxy-|timeout=99|deflate|evil/i },
        },
      ),
    ],
  },
  {
    id: 'H34',
    title: 'the token where it does not belong',
    stake: 'the API, its log or its operator can act as the caller at other targets',
    attacks: [
      ...eachOf(
        {
          'in Authorization too': withToken((token) => [['Authorization', `Bearer ${token}`]]),
          'as a proxy’s': withToken((token) => [['Proxy-Authorization', `Bearer ${token}`]]),
          'in a cookie': withToken((token) => [['Cookie', `a=1; session=${token}`]]),
          'as an API key': withToken((token) => [['X-Api-Key', token]]),
        },
        { shows: hears(/a-token/), through: { statuses: [200, 400] } },
      ),
      {
        name: 'in the query',
        send: (at) =>
          `GET ${at.prefix}/ordinary?access_token=${at.token} HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n`,
        shows: hears(/a-token/),
        through: refused(400, 403),
      },
      {
        name: 'in the path',
        send: (at) => `GET ${at.prefix}/ordinary/${at.token} HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n`,
        shows: hears(/a-token/),
        through: refused(400, 403),
      },
      {
        name: 'what the gateway alone may say',
        send: ordinary(
          ['X-Sluice-Run-Id', 'run-1'],
          ['X-Sluice-Subject', 'root'],
          ['X-Sluice-Decision', 'dec_1'],
        ),
        shows: hears(/x-sluice-/i),
        through: disarmed(/x-sluice-/i),
      },
    ],
  },
]

function withToken(fields: (token: string) => Fields): HttpAttack['send'] {
  return (at) => ask('GET', '/ordinary', fields(at.token))(at)
}
