import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openssh } from '@sluice/test'
import { openStage, type Stage } from './stage.ts'

suite('commands over SSH, with OpenSSH on both sides', () => {
  let stage: Stage
  before(async () => {
    stage = await openStage()
  })
  const canary = (name: string): string => join(stage.sshd.home, name)
  after(() => stage[Symbol.asyncDispose]())

  test('the cryptography of SSH is the native one: `node infra/native-crypto.mjs` builds it', () => {
    assert.deepEqual(
      stage.gateway.reports.filter((report) => report.includes('native cryptography')),
      [],
    )
  })

  const commands = [
    'echo hello',
    'printf out; printf err >&2; exit 3',
    'cat',
    'kill -9 $$',
    'head -c 3000000 /dev/zero',
  ]
  for (const command of commands)
    test(`"${command}" is as it is without the gateway`, async () => {
      const input = 'x'.repeat(100_000)
      assert.deepEqual(
        await openssh(stage.door, command, { input }),
        await openssh(stage.direct, command, { input }),
      )
    })

  const large = 'head -c 5000000 /dev/zero | tr "\\0" y & head -c 5000000 /dev/zero | tr "\\0" z >&2; wait'
  const manners: Readonly<Record<string, readonly string[]>> = {
    'a client that changes its keys again and again': ['-o', 'RekeyLimit=1M'],
    'a client that only knows counters': ['-c', 'aes256-ctr', '-m', 'hmac-sha2-512'],
  }
  for (const [manner, args] of Object.entries(manners))
    test(`C20 C22 two large streams at once are whole for ${manner}`, async () => {
      const { status, stdout, stderr } = await openssh(stage.door, large, { args })
      assert.equal(status, 0)
      assert.deepEqual([stdout.length, stderr.length], [5_000_000, 5_000_000])
      assert.ok(/^y+$/.test(stdout) && /^z+$/.test(stderr))
    })

  test('C20 a large input is whole although its keys change on the way', async () => {
    const input = Buffer.alloc(8_000_000, 'abcdefg')
    const { stdout } = await openssh(stage.door, 'sha256sum', { input, args: ['-o', 'RekeyLimit=1M'] })
    assert.equal(stdout, `${createHash('sha256').update(input).digest('hex')}  -\n`)
  })

  test('what is denied is told on stderr, with status 126, and the connection goes on', async () => {
    const { status, stdout, stderr } = await openssh(stage.door, `touch ${canary('FORBIDDEN')}`)
    assert.equal(status, 126)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      /^sluice: Access denied by policy "all\/forbidden" \(ref dec_\w{26}\): Nobody may run this\./,
    )
    assert.equal(existsSync(canary('FORBIDDEN')), false)
    assert.equal((await openssh(stage.door, `touch ${canary('allowed')}`)).status, 0)
    assert.ok(existsSync(canary('allowed')), 'the same command leaves a file where it runs')
  })
})
