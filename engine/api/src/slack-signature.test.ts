import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { limits, Refused } from '@sluice/core'
import { SlackSignatures, type SlackProof } from './slack-signature.ts'

const secret = '8f742231b10e8888abcd99yyyzzz85a5'
const body = Buffer.from('payload=%7B%7D')

function signed(now: number, of: Uint8Array = body, by: string = secret): SlackProof {
  const timestamp = String(Math.floor(now / 1_000))
  const digest = createHmac('sha256', by).update(`v0:${timestamp}:`).update(of).digest('hex')
  return { timestamp, signature: `v0=${digest}` }
}

class Door {
  now = 1_700_000_000_000
  readonly signatures: SlackSignatures = new SlackSignatures({ now: () => this.now })

  refusal(proof: SlackProof, of: Uint8Array = body): string | null {
    try {
      this.signatures.accept(proof, of, secret)
      return null
    } catch (error) {
      assert.ok(error instanceof Refused)
      return error.refusal.message
    }
  }
}

test('the example of Slack’s own documentation', () => {
  const door = new Door()
  door.now = 1_531_420_618_000
  const example =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar' +
    '&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com' +
    '%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887' +
    'a14d10d2c447fce8b6703c'
  const signature = 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503'
  assert.equal(door.refusal({ timestamp: '1531420618', signature }, Buffer.from(example)), null)
})

suite('a callback that is not to be believed', () => {
  const door = new Door()
  const good = signed(door.now)
  const forged: readonly (readonly [string, SlackProof, Uint8Array])[] = [
    ['another body', good, Buffer.from('payload=%7B%22%7D')],
    ['another secret', signed(door.now, body, 'guessed'), body],
    ['another time', { ...good, timestamp: String(Number(good.timestamp) + 1) }, body],
    ['no signature', { ...good, signature: '' }, body],
    ['a signature of another version', { ...good, signature: good.signature.replace('v0', 'v1') }, body],
    ['part of a signature', { ...good, signature: good.signature.slice(0, -1) }, body],
  ]
  for (const [what, proof, of] of forged)
    test(what, () => assert.match(door.refusal(proof, of) ?? '', /not signed by Slack/))

  test('one that was kept, or is of tomorrow', () => {
    const { slackWindowMs } = limits
    assert.match(door.refusal(signed(door.now - slackWindowMs - 1_000)) ?? '', /not of now/)
    assert.match(door.refusal(signed(door.now + slackWindowMs + 1_000)) ?? '', /not of now/)
    const nonsense = createHmac('sha256', secret).update('v0:soon:').update(body).digest('hex')
    assert.match(door.refusal({ timestamp: 'soon', signature: `v0=${nonsense}` }) ?? '', /not of now/)
  })

  test('one that was answered, as long as it is of now', () => {
    const other = new Door()
    const proof = signed(other.now)
    assert.equal(other.refusal(proof), null)
    assert.match(other.refusal(proof) ?? '', /answered already/)
    other.now += limits.slackWindowMs
    assert.match(other.refusal(proof) ?? '', /answered already/)
    other.now += 1_000
    assert.match(other.refusal(proof) ?? '', /not of now/)
  })
})

test('more of them than can be remembered are refused until the oldest are of the past', () => {
  const door = new Door()
  for (let count = 0; count < limits.slackAnsweredMax; count++) {
    const of = Buffer.from(`payload=${count}`)
    assert.equal(door.refusal(signed(door.now, of), of), null)
  }
  assert.match(door.refusal(signed(door.now)) ?? '', /too often/)
  door.now += limits.slackWindowMs + 1_000
  assert.equal(door.refusal(signed(door.now)), null)
})
