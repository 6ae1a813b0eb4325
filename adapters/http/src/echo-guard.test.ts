import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { EchoGuard, formsOf } from './echo-guard.ts'

const credential = { user: 'app', password: 'k3y/with+"odd"&chars' }
const forms = formsOf(credential) ?? assert.fail()

function passed(pieces: readonly Buffer[]): Buffer {
  const guard = new EchoGuard(forms)
  return Buffer.concat([...pieces.map((piece) => guard.pass(piece)), guard.end()])
}

const secret = Buffer.from(credential.password)
const base64 = (before: string, after: string): string =>
  Buffer.concat([Buffer.from(before), secret, Buffer.from(after)]).toString('base64')
const echoes: Readonly<Record<string, string>> = {
  'as it is': credential.password,
  'in hexadecimal': secret.toString('hex'),
  'in upper case': secret.toString('hex').toUpperCase(),
  'in a URL': encodeURIComponent(credential.password),
  'in a URL, in lower case': encodeURIComponent(credential.password).replace(/%../g, (each) =>
    each.toLowerCase(),
  ),
  'in the address of a page within another': encodeURIComponent(encodeURIComponent(credential.password)),
  'in JSON of PHP': JSON.stringify(credential.password).replaceAll('/', '\\/'),
  'in JSON of .NET': 'k3y/with\\u002B\\u0022odd\\u0022\\u0026chars',
  'in JSON of Go': 'k3y/with+\\"odd\\"\\u0026chars',
  'in a page of Python': 'k3y/with+&quot;odd&quot;&amp;chars',
  'in a page of Go': 'k3y/with&#43;&#34;odd&#34;&amp;chars',
  'in a page of a template': 'k3y&#x2F;with+&quot;odd&quot;&amp;chars',
  'in JSON': JSON.stringify({ authorization: `Bearer ${credential.password}` }),
  'in base64': base64('', ''),
  'in base64, one further': base64('x', 'y'),
  'in base64, two further': base64('xx', 'yy'),
  'in base64 for a URL': base64('', '').replaceAll('+', '-').replaceAll('/', '_'),
  'as Basic': Buffer.from(`app:${credential.password}`).toString('base64'),
}

suite('the credential of the gateway in an answer', () => {
  for (const [how, echo] of Object.entries(echoes))
    test(`${how} is found, wherever it is cut, and nothing of it leaves`, () => {
      const whole = Buffer.from(`{"headers": "${echo}", "more": true}`)
      for (let cut = 0; cut <= whole.length; cut++) {
        const guard = new EchoGuard(forms)
        const left: Buffer[] = []
        assert.throws(() => {
          for (const piece of [whole.subarray(0, cut), whole.subarray(cut)]) left.push(guard.pass(piece))
          left.push(guard.end())
        }, /withheld/)
        // What left before was no more than what could have been anything.
        for (const form of forms.all) assert.equal(Buffer.concat(left).includes(form), false)
      }
    })

  test('whatever else comes passes whole, in order, and at once but for a possible beginning', () => {
    const text = fc.array(fc.constantFrom('k', '3', 'y', '/', 'a', '6', 'b', credential.password.slice(0, 9)))
    fc.assert(
      fc.property(fc.array(text), (pieces) => {
        const buffers = pieces.map((each) => Buffer.from(each.join('')))
        assert.deepEqual(passed(buffers), Buffer.concat(buffers))
      }),
    )
    assert.equal(new EchoGuard(forms).pass(Buffer.from('event: done\n\n')).toString(), 'event: done\n\n')
  })

  test('in a header it is found too', () => {
    assert.throws(() => new EchoGuard(forms).refuse(`x-debug: Bearer ${credential.password}`), /withheld/)
  })

  test('one that is too short to be told from anything else is not looked for', () => {
    assert.equal(formsOf({ user: 'a', password: 'abc' }), undefined)
  })
})
