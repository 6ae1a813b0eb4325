import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { clientFinal, clientFirst, verifyServerFinal } from './scram.ts'
import { challenge, verified, type Challenge } from './scram-server.ts'
import { cstring, Cursor, int32, ProtocolViolation } from './wire.ts'

const password = 'slu_a password'
const salt = Buffer.alloc(16, 7)
const iterations = 4_096
const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
const clientKey = createHmac('sha256', salted).update('Client Key').digest()
const keys = {
  storedKey: createHash('sha256').update(clientKey).digest(),
  serverKey: createHmac('sha256', salted).update('Server Key').digest(),
}
const verifier = { salt, iterations, keys: async () => keys }
const nonce = 'rOprNGfwEbeRWgbNEkqO'

function initial(first: string, mechanism = 'SCRAM-SHA-256', length = Buffer.byteLength(first)): Cursor {
  return new Cursor(Buffer.concat([cstring(mechanism), int32(length), Buffer.from(first)]))
}

const asked = (first = clientFirst('', nonce)): Challenge => challenge(initial(first), verifier)

suite('a client that knows the password', () => {
  test('proves it, and is shown that the gateway knows it too', async () => {
    const question = asked()
    const { clientFinal: final, serverSignature } = await clientFinal('', password, nonce, question.text)
    const answer = verified(final, question, keys)
    assert.ok(answer !== null)
    verifyServerFinal(answer, serverSignature)
  })

  test('may say that it could bind the channel, and name itself', async () => {
    const header = 'y,,'
    const bare = clientFirst('someone', nonce).slice(3)
    const question = asked(header + bare)
    const { clientFinal: final } = await clientFinal('someone', password, nonce, question.text)
    // Its own half says n,,: what it repeats is what it said.
    assert.throws(() => verified(final, question, keys), /channel-binding/)
    const withoutProof = `c=${Buffer.from(header).toString('base64')},r=${question.nonce}`
    const signature = createHmac('sha256', keys.storedKey)
      .update(`${bare},${question.text},${withoutProof}`)
      .digest()
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)))
    assert.ok(verified(`${withoutProof},p=${proof.toString('base64')}`, question, keys) !== null)
  })

  test('is asked something new each time', () => {
    assert.notEqual(asked().nonce, asked().nonce)
    assert.ok(asked().nonce.startsWith(nonce))
  })
})

suite('a client that does not', () => {
  test('is told no more than that', async () => {
    const question = asked()
    const { clientFinal: wrong } = await clientFinal('', 'another', nonce, question.text)
    assert.equal(verified(wrong, question, keys), null)
    const { clientFinal: final } = await clientFinal('', password, nonce, question.text)
    const [withoutProof = '', proof = ''] = final.split(',p=')
    const flipped = Buffer.from(proof, 'base64')
    flipped[0] = (flipped[0] ?? 0) ^ 1
    for (const other of [
      flipped,
      Buffer.alloc(32),
      flipped.subarray(0, 31),
      Buffer.concat([Buffer.from(proof, 'base64'), Buffer.of(0)]),
    ])
      assert.equal(verified(`${withoutProof},p=${other.toString('base64')}`, question, keys), null)
  })

  test('cannot say again what another one said', async () => {
    const first = asked()
    const { clientFinal: heard } = await clientFinal('', password, nonce, first.text)
    assert.throws(() => verified(heard, asked(), keys), ProtocolViolation)
  })
})

suite('what is no SCRAM', () => {
  for (const [what, first] of [
    ['channel binding that was not offered', `p=tls-server-end-point,,n=,r=${nonce}`],
    ['another identity', `n,a=root,n=,r=${nonce}`],
    ['an extension that must be understood', `n,,m=x,n=,r=${nonce}`],
    ['no nonce', 'n,,n=,r='],
    ['a nonce with a comma', `n,,n=,r=${nonce},x`],
    ['a nonce that is too long', `n,,n=,r=${'x'.repeat(257)}`],
    ['nothing', ''],
  ] as const)
    test(`${what} is refused`, () => assert.throws(() => asked(first), ProtocolViolation))

  test('another mechanism, no response and more than there is are refused', () => {
    const first = clientFirst('', nonce)
    for (const cursor of [
      initial(first, 'SCRAM-SHA-256-PLUS'),
      initial(first, 'PLAIN'),
      initial(first, 'SCRAM-SHA-256', -1),
      initial(first, 'SCRAM-SHA-256', first.length + 1),
      initial(first, 'SCRAM-SHA-256', first.length - 1),
    ])
      assert.throws(() => challenge(cursor, verifier), ProtocolViolation)
  })

  for (const final of [
    '',
    'c=biws',
    `c=biws,r=${nonce}`,
    `c=biws,r=${nonce},p=`,
    'c=biws,r=x,p=AAAA',
    'c=biws,r=x,p=AAAA,y=1',
  ])
    test(`${JSON.stringify(final)} is no answer`, () =>
      assert.throws(() => verified(final, asked(), keys), ProtocolViolation))
})
