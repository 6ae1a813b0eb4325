import { cannotShow } from '../case.ts'
import { ask, eachOf, hears, notFooled, paths, performs, post, refused, type HttpCase } from '../http-case.ts'

/** What is asked for, by whatever name (catalogue §2.3). */

const administers = 'a path that the policy closes is reached by another spelling'
const form = [['Content-Type', 'application/x-www-form-urlencoded']] as const

export const addressCases: readonly HttpCase[] = [
  {
    id: 'H1',
    title: 'dot segments, in every encoding',
    stake: administers,
    attacks: [
      ...paths(
        [
          '/api/../admin',
          '/api/%2e%2e/admin',
          '/api/%2e./admin',
          '/api/..%2fadmin',
          '/api/..%5cadmin',
          '/api/%252e%252e/admin',
          '/%2e/admin',
          '/api/..;/admin',
        ],
        {
          shows: performs,
          through: refused(400, 403),
        },
      ),
      ...paths(['/../careless/admin', '/../../admin'], { shows: notFooled, through: refused(400, 403, 404) }),
      ...paths(['/admin%00', '/%0aadmin', '/a%0d%0aX-User:%20root'], {
        shows: notFooled,
        through: refused(400, 403),
      }),
    ],
  },
  {
    id: 'H2',
    title: 'other spellings of one path',
    stake: administers,
    attacks: paths(
      [
        '//admin',
        '/./admin',
        '/admin;x=1/',
        '/;a/admin',
        '/\\admin',
        '/ADMIN',
        '/%61dmin',
        '/admin/',
        '/admin%20',
        '/admin.json',
        '/admin/./',
      ],
      {
        shows: performs,
        through: refused(400, 403),
      },
    ),
  },
  {
    id: 'H3',
    title: 'overlong, mistaken and full-width escapes',
    stake: administers,
    attacks: [
      ...paths(['/api/%c0%ae%c0%ae/admin', '/api%ef%bc%8f..%ef%bc%8fadmin', '/api/..%c0%afadmin'], {
        shows: performs,
        through: refused(400, 403),
      }),
      ...paths(['/%zz', '/%2', '/%ff', '/\u00ff', '/a\tb', '/%ed%a0%80'], {
        shows: notFooled,
        through: refused(400),
      }),
    ],
  },
  {
    id: 'H4',
    title: 'parameters that come twice, or otherwise',
    stake: 'a policy sees another parameter than the API',
    attacks: [
      ...paths(
        [
          '/users?role=user&role=admin',
          '/users?role[]=user&role[]=admin',
          '/users?%72ole=admin',
          '/users?role=user;role=admin',
        ],
        {
          shows: performs,
          through: refused(400, 403),
        },
      ),
      ...paths(['/users?role=%zz', '/users?a=%ff'], { shows: notFooled, through: refused(400) }),
      ...paths(['/users?a=b c', '/users?a=%0d%0ax'], {
        shows: notFooled,
        through: { statuses: [200, 400, 403], never: /\r\nx/ },
      }),
    ],
  },
  {
    id: 'H5',
    title: 'a method in another place',
    stake: 'something is deleted by what a policy takes for a change',
    attacks: [
      ...eachOf(
        Object.fromEntries(
          [
            'X-HTTP-Method-Override',
            'X-HTTP-Method',
            'X-Method-Override',
            'X-HTTP-Verb',
            'X-Tunneled-Method',
          ].map((name) => [name, post('/orders/1', '{}', [[name, 'DELETE']])]),
        ),
        { shows: performs, through: refused(400, 403) },
      ),
      ...eachOf(
        {
          'in the query': post('/orders/1?_method=DELETE', '{}'),
          'in the query, as a header': post('/orders/1?x-http-method-override=DELETE', '{}'),
          'in the query, with a dot': post('/orders/1?.method=DELETE', '{}'),
          'in the query, behind a blank': post('/orders/1?+_method=DELETE', '{}'),
          'in a document': post('/orders/1', '{"_method":"DELETE"}', [['Content-Type', 'application/json']]),
          'in a document of no type': post('/orders/1', '{"_method":"DELETE"}'),
          'in a form': post('/orders/1', 'a=1&_method=DELETE', form),
          'in a form, in lower case': post('/orders/1', '_method=delete', form),
        },
        { shows: performs, through: refused(400, 403) },
      ),
    ],
  },
  {
    id: 'H9',
    title: 'a host in several places',
    stake: 'the caller chooses the server that is shown the credential',
    attacks: [
      {
        name: 'Host of somebody else',
        send: (at) => `GET ${at.prefix}/ordinary HTTP/1.1\r\nHost: evil.example\r\n${at.authorization}\r\n`,
        shows: hears(/host: evil\.example/i),
        through: { statuses: [200, 400, 421], never: /evil\.example/ },
      },
      {
        name: 'no Host',
        send: (at) => `GET ${at.prefix}/ordinary HTTP/1.1\r\n${at.authorization}\r\n`,
        shows: hears(/GET \/ordinary/),
        through: refused(400),
      },
      {
        name: 'the absolute form of another',
        send: (at) =>
          `GET http://evil.example${at.prefix}/ordinary HTTP/1.1\r\nHost: gateway.example\r\n${at.authorization}\r\n`,
        shows: hears(/evil\.example/),
        through: refused(400, 404, 421),
      },
      ...eachOf(
        Object.fromEntries(
          ['a b', 'a/b', 'a@b', 'a,b', '[::1', 'a:99999', ''].map((host) => [
            `Host: ${host}`,
            (at) => `GET ${at.prefix}/ordinary HTTP/1.1\r\nHost: ${host}\r\n${at.authorization}\r\n`,
          ]),
        ),
        { shows: hears(/GET \/ordinary/), through: refused(400) },
      ),
    ],
  },
  {
    id: 'H19',
    title: 'what is no path',
    stake: 'the gateway is made to ask a server of the caller’s choice',
    attacks: [
      ...eachOf(
        {
          'absolute form': (at) =>
            `GET http://127.0.0.1/admin HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n`,
          'a user before the host': (at) =>
            `GET @evil.example/ HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n`,
          'all of it': (at) => `OPTIONS * HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n`,
          'all of it, with GET': (at) => `GET * HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n`,
          CONNECT: (at) => `CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n`,
          'a path without a slash': (at) =>
            `GET careless/ordinary HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n`,
          'a fragment': (at) =>
            `GET ${at.prefix}/ordinary#/../admin HTTP/1.1\r\nHost: x\r\n${at.authorization}\r\n`,
        },
        { shows: cannotShow('the API itself asks nobody'), through: refused(400, 404, 405) },
      ),
    ],
  },
  {
    id: 'H31',
    title: 'methods that tell more',
    stake: 'a credential, a length or a list leaves by a method that nobody thought of',
    attacks: [
      ...eachOf(
        Object.fromEntries(
          ['TRACE', 'TRACK', 'DEBUG', 'PROPFIND', 'PURGE', 'get'].map((method) => [
            method,
            ask(method, '/echo'),
          ]),
        ),
        { shows: hears(/ \/echo/), through: refused(400, 403, 405, 501) },
      ),
      {
        name: 'HEAD where GET is denied',
        send: ask('HEAD', '/admin'),
        bodiless: true,
        shows: performs,
        through: refused(403),
      },
      {
        name: 'OPTIONS where GET is denied',
        send: ask('OPTIONS', '/admin'),
        shows: performs,
        through: refused(403),
      },
      {
        name: 'the length of what is masked',
        send: ask('HEAD', '/secret'),
        bodiless: true,
        shows: { kind: 'reads', pattern: /content-length: \d+/i },
        through: { statuses: [200], silent: /content-length: [1-9]|etag/i },
      },
    ],
  },
  {
    id: 'H42',
    title: 'fields of a form in parts',
    stake: 'a policy reads another field than the API, or none',
    attacks: eachOf(
      {
        'after a file': parts(
          'B',
          ['name="f"; filename="a.bin"', 'x'.repeat(10_000)],
          ['name="role"', 'admin'],
        ),
        twice: parts('B', ['name="role"', 'user'], ['name="role"', 'admin']),
        'a method': parts('B', ['name="_method"', 'DELETE']),
        'with two boundaries': post(
          '/orders/1',
          '--A\r\nContent-Disposition: form-data; name="role"\r\n\r\nadmin\r\n--A--\r\n',
          [['Content-Type', 'multipart/form-data; boundary=B; boundary=A']],
        ),
      },
      { shows: performs, through: refused(400, 403, 415) },
    ),
  },
]

function parts(boundary: string, ...fields: readonly (readonly [string, string])[]): ReturnType<typeof post> {
  const body = fields
    .map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; ${name}\r\n\r\n${value}\r\n`)
    .join('')
  return post('/orders/1', `${body}--${boundary}--\r\n`, [
    ['Content-Type', `multipart/form-data; boundary=${boundary}`],
  ])
}
