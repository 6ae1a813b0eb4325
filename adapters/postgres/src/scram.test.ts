import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { clientFinal, clientFirst, verifyServerFinal } from './scram.ts'

/** The exchange of RFC 7677 §3. */
const user = 'user'
const password = 'pencil'
const nonce = 'rOprNGfwEbeRWgbNEkqO'
const serverFirst = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'
const serverFinal = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

suite('SCRAM-SHA-256', () => {
  test('says what RFC 7677 says', async () => {
    assert.equal(clientFirst(user, nonce), 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
    const proof = await clientFinal(user, password, nonce, serverFirst)
    assert.equal(
      proof.clientFinal,
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    )
    verifyServerFinal(serverFinal, proof.serverSignature)
  })

  test('a server that does not know the password is not believed', async () => {
    const { serverSignature } = await clientFinal(user, 'other', nonce, serverFirst)
    assert.throws(() => verifyServerFinal(serverFinal, serverSignature), /could not prove/)
    assert.throws(() => verifyServerFinal('e=other-error', serverSignature), /could not prove/)
    assert.throws(() => verifyServerFinal('', serverSignature), /could not prove/)
  })

  const bad: readonly (readonly [string, string])[] = [
    ['a nonce that is not ours', 'r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'],
    ['a nonce with nothing added', `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ['an extension', `m=x,r=${nonce}abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ['iterations that burn time', `r=${nonce}abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999`],
    ['no iterations', `r=${nonce}abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0`],
  ]
  for (const [what, challenge] of bad)
    test(`refuses ${what}`, () =>
      assert.rejects(clientFinal(user, password, nonce, challenge), { name: 'ScramError' }))
})
