import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, connect, type AddressInfo } from 'node:net'
import ssh2, { type ParsedKey } from 'ssh2'
import { algorithms } from '../algorithms.ts'
import { newPair, scriptedCertificate } from '../scripted-certificate.ts'
import { expectHostKeys, presentCertificate } from './host-certificates.ts'

const names = ['ssh-ed25519-cert-v01@openssh.com'] as const

/** What a client that would believe any certificate says of a host that shows this one over a key. */
async function met(
  shown: (key: Buffer) => Buffer,
): Promise<{ readonly seen: Buffer | undefined; readonly error: string }> {
  const [hostKey, read] = newHostKey()
  const server = new ssh2.Server({ hostKeys: [hostKey], algorithms }, (connection) => {
    connection.on('error', () => {})
    presentCertificate(connection, 'ssh-ed25519', () => shown(read.getPublicSSH()))
  })
  const door = createServer((socket) => server.injectSocket(socket)).listen(0, '127.0.0.1')
  await once(door, 'listening')
  const sock = connect((door.address() as AddressInfo).port, '127.0.0.1')
  const client = new ssh2.Client()
  let seen: Buffer | undefined
  const over = new Promise<string>((resolve) => {
    client.on('error', ({ message }) => resolve(message)).on('handshake', () => resolve(''))
  })
  client.connect({ sock, username: 'x', algorithms, hostVerifier: (key: Buffer) => Boolean((seen = key)) })
  expectHostKeys(client, names)
  const error = await over
  client.destroy()
  await new Promise((resolve) => door.close(resolve))
  return { seen, error }
}

/** The library writes some that it cannot read. */
function newHostKey(): readonly [string, ParsedKey] {
  for (;;) {
    const { private: text } = ssh2.utils.generateKeyPairSync('ed25519')
    const read = ssh2.utils.parseKey(text)
    if (!(read instanceof Error)) return [text, read]
  }
}

suite('a certificate in the exchange of keys', () => {
  const authority = newPair()
  const over = (blob: Buffer): Buffer => scriptedCertificate({ ...newPair(), blob }, authority)

  test('is what the verifier sees', async () => {
    const { seen, error } = await met(over)
    assert.equal(error, '')
    assert.match(seen?.toString('latin1') ?? '', /^.{4}ssh-ed25519-cert-v01@openssh\.com/s)
  })

  test('that everybody can see is of no use to a host without its key', async () => {
    const { seen, error } = await met(() => over(newPair().blob))
    assert.ok(seen, 'as such it was believed')
    assert.match(error, /signature verification failed/)
  })

  test('cannot be a plain key, nor half of one', async () => {
    assert.match((await met((blob) => blob)).error, /does not match negotiated type/)
    assert.notEqual((await met((blob) => over(blob).subarray(0, 60))).error, '')
  })
})
