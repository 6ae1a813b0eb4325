import { cannotShow } from '../case.ts'
import {
  ask,
  hidden,
  leaks,
  paths,
  reads,
  refused,
  withheld,
  type Fields,
  type HttpAttack,
  type HttpCase,
} from '../http-case.ts'

/** What is in an answer, in whatever form (catalogue §2.3). */

const discloses = 'a value that is hidden from the caller is in the answer all the same'
const impersonates = 'whoever has the credential of the gateway needs no gateway'
const get = (path: string, ...fields: Fields): HttpAttack['send'] => ask('GET', path, fields)
const lastFour = /8726/
/** Hidden, or nothing at all: either keeps the secret. */
const hiddenOrWithheld = { statuses: [200, ...withheld.statuses] }
const noCredential = cannotShow('the API is shown no credential without a gateway')

export const answerCases: readonly HttpCase[] = [
  {
    id: 'H23',
    title: 'packed answers',
    stake: discloses,
    attacks: [
      {
        name: 'asked for',
        send: get('/secret', ['Accept-Encoding', 'gzip, br, zstd']),
        shows: leaks,
        through: { ...hidden(lastFour), never: /accept-encoding: gzip/i },
      },
      { name: 'that nobody asked for', send: get('/secret/gzip'), shows: leaks, through: hiddenOrWithheld },
      {
        name: 'that nobody asked for, to one who unpacks them',
        send: get('/secret/gzip', ['Accept-Encoding', 'gzip']),
        shows: leaks,
        through: hidden(lastFour),
      },
      { name: 'in a coding of its own', send: get('/secret/own-coding'), shows: leaks, through: withheld },
      {
        name: 'three times',
        send: get('/secret/thrice'),
        shows: reads(/gzip, gzip, gzip/),
        through: hiddenOrWithheld,
      },
      {
        name: 'a bomb',
        send: get('/secret/bomb'),
        shows: reads(/gzip/),
        through: withheld,
      },
    ],
  },
  {
    id: 'H24',
    title: 'parts of an answer',
    stake: 'a value leaves in pieces that look like nothing',
    attacks: [
      {
        name: 'a range',
        send: get('/secret/range', ['Range', 'bytes=21-30']),
        shows: reads(/206[\s\S]*536-22-87/),
        through: { statuses: [200, 403, 416], never: /range:/i, silent: /536-22/ },
      },
      ...['X-Ms-Range', 'Request-Range'].map((name): HttpAttack => ({
        name: `a range by ${name}`,
        send: get('/secret/range', [name, 'bytes=21-30']),
        shows: reads(/206[\s\S]*536-22-87/),
        through: { statuses: [200, 403, 416], never: /range:/i, silent: /536-22/ },
      })),
      {
        name: 'a part by the address',
        send: get('/secret/part'),
        shows: reads(/206[\s\S]*536-22/),
        through: { ...withheld, silent: /536-22/ },
      },
      {
        name: 'if it is unchanged',
        send: get('/secret/range', ['Range', 'bytes=21-30'], ['If-Range', '"x"']),
        shows: reads(/536-22-87/),
        through: { statuses: [200, 403, 416], never: /range:/i, silent: /536-22/ },
      },
    ],
  },
  {
    id: 'H25',
    title: 'hashes and lengths of what is hidden',
    stake: 'a value of few possibilities is found by trying them all against its hash',
    attacks: [
      {
        name: 'in the head',
        send: get('/secret/tagged'),
        shows: reads(/etag|content-md5/i),
        through: { statuses: [200], silent: /etag|md5|digest|checksum|goog-hash/i },
      },
      {
        name: 'a guess',
        send: get('/secret/tagged', ['If-None-Match', '"c5d1a0c1ddcdfd9f4b9b4b8de1be0a5e"']),
        shows: reads(/536-22-8726/),
        through: refused(403),
      },
    ],
  },
  {
    id: 'H26',
    title: 'a value in pieces',
    stake: discloses,
    attacks: [
      {
        name: 'one chunk each character',
        send: get('/secret/split'),
        shows: leaks,
        through: { statuses: [200], silent: /536/ },
      },
      {
        name: 'one token of a model each character',
        send: get('/secret/events'),
        shows: leaks,
        through: { statuses: [200] },
      },
      ...['stop', ''].map((finish): HttpAttack => ({
        name: `one token of a model each character, all of them said to be the last ("${finish}")`,
        send: get(`/secret/finished-events/${finish}`),
        shows: leaks,
        through: { statuses: [200] },
      })),
      {
        name: 'pieces of a model in a list',
        send: get('/secret/listed-pieces'),
        shows: reads(/"536"[^]*-22-8726/),
        through: { ...withheld, silent: /536/ },
      },
      { name: 'an event of two lines', send: get('/secret/lines'), shows: leaks, through: hidden(lastFour) },
      { name: 'line by line', send: get('/secret/ndjson'), shows: leaks, through: hidden(lastFour) },
    ],
  },
  {
    id: 'H28',
    title: 'a value in another spelling',
    stake: discloses,
    attacks: [
      {
        name: 'escaped',
        send: get('/secret/escaped'),
        shows: reads(/\\u0035\\u0033/),
        through: { statuses: [200], silent: /\\u0035\\u0033/ },
      },
      {
        name: 'a document in a document',
        send: get('/secret/nested'),
        shows: leaks,
        through: hidden(lastFour),
      },
      { name: 'a key twice', send: get('/secret/twice'), shows: leaks, through: hiddenOrWithheld },
      { name: 'deep down', send: get('/secret/deep'), shows: leaks, through: withheld },
    ],
  },
  {
    id: 'H29',
    title: 'content that is not what it says',
    stake: discloses,
    attacks: [
      { name: 'a document as text', send: get('/secret/plain'), shows: leaks, through: hidden(lastFour) },
      { name: 'of no type', send: get('/secret/untyped'), shows: leaks, through: hiddenOrWithheld },
      { name: 'of any type', send: get('/secret/binary'), shows: leaks, through: hiddenOrWithheld },
      { name: 'in UTF-16', send: get('/secret/utf-16'), shows: reads(/5[^]3[^]6[^]-/), through: withheld },
      { name: 'in UTF-7', send: get('/secret/utf-7'), shows: reads(/536\+AC0-22/), through: withheld },
      {
        name: 'text where a path is hidden',
        send: get('/by-path/lie'),
        shows: reads(/1970/),
        through: withheld,
      },
      {
        name: 'broken off where a path is hidden',
        send: get('/by-path/broken'),
        shows: reads(/1970/),
        through: { ...hiddenOrWithheld, silent: /1970/ },
      },
      { name: 'in a trailer', send: get('/secret/trailer'), shows: leaks, through: hiddenOrWithheld },
      { name: 'in a header', send: get('/by-path/header'), shows: leaks, through: hiddenOrWithheld },
    ],
  },
  {
    id: 'H30',
    title: 'entities of XML',
    stake: 'a value is put together by whoever reads the answer',
    attacks: [
      {
        name: 'in two halves',
        send: get('/secret/xml'),
        shows: reads(/536-22.*&a;-8726/),
        through: withheld,
      },
      {
        name: 'in references',
        send: get('/secret/references'),
        shows: reads(/&#53;36-22/),
        through: withheld,
      },
    ],
  },
  {
    id: 'H32',
    title: 'an API that shows requests back',
    stake: impersonates,
    attacks: [
      ...paths(
        ['/echo', '/echo/header', '/echo/trailer', '/echo/base64', '/echo/hex', '/echo/gzip', '/echo/split'],
        {
          shows: noCredential,
          through: { statuses: [...withheld.statuses, 200], silent: /key-of-the|a2V5LW9m|6b65792d6f66/ },
        },
      ),
      {
        name: 'in a coding of the transfer',
        send: get('/echo/packed-transfer'),
        shows: noCredential,
        through: { statuses: [502] },
      },
    ],
  },
  {
    id: 'H35',
    title: 'an answer that sends elsewhere',
    stake: 'the gateway, or a client with its token, asks a place that the caller must not reach',
    attacks: [
      ...paths(['/moved/metadata', '/moved/slashes'], {
        shows: reads(/169\.254/),
        through: { statuses: [302, 502], silent: /169\.254/ },
      }),
      {
        name: 'a file',
        send: get('/moved/file'),
        shows: reads(/file:/),
        through: { statuses: [302, 502], silent: /file:/ },
      },
      {
        name: 'by Refresh',
        send: get('/moved/refresh'),
        shows: reads(/169\.254/),
        through: { statuses: [200], silent: /169\.254/ },
      },
    ],
  },
  {
    id: 'H39',
    title: 'cookies for others',
    stake: 'one target sets or reads the session of another',
    attacks: [
      {
        name: 'of the gateway’s domain',
        send: get('/cookie'),
        shows: reads(/Domain=gateway/),
        through: { statuses: [200], silent: /domain=/i, says: /sid=1;.*Path=\/careless\// },
      },
      {
        name: 'in quotes',
        send: get('/cookie/quoted'),
        shows: reads(/Domain=gateway/),
        through: { statuses: [200], silent: /domain=/i },
      },
    ],
  },
  {
    id: 'H40',
    title: 'an answer that is two',
    stake: 'a client is given an answer, or a header, of the attacker’s making',
    attacks: [
      {
        name: 'a header in a header',
        send: get('/splits'),
        shows: reads(/evil=1/),
        through: { statuses: [502, 'cut'], silent: /evil/ },
      },
      {
        name: 'an answer behind an answer',
        send: get('/two-lengths'),
        shows: reads(/X-Evil/),
        through: { statuses: [502, 'cut'], silent: /X-Evil/i },
      },
      {
        name: 'a refusal that a browser takes for a page',
        send: get('/admin/<script>'),
        shows: cannotShow('it is about a refusal'),
        through: { statuses: [400, 403], says: /nosniff/i, silent: /<script>/, arrives: null },
      },
    ],
  },
]
