import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { scriptedClock } from '../scripted-issuer.ts'
import { Cache } from './cache.ts'
import { always, type Fetched, type SecretManager } from './manager.ts'

/** Gives out what it is told to, and counts. */
function manager(next: () => Promise<Fetched>): SecretManager & { asked: number } {
  return {
    asked: 0,
    fetch() {
      this.asked += 1
      return next()
    },
    close: () => Promise.resolve(),
  }
}

suite('what a manager gave out', () => {
  test('without a lease serves for a minute', async () => {
    const clock = scriptedClock()
    const keeper = manager(() => Promise.resolve({ content: `v${keeper.asked}`, live: always }))
    const cache = new Cache(keeper, clock)
    assert.equal((await cache.fetch('a', 'kept')).content, 'v1')
    clock.advance(59_000)
    assert.equal((await cache.fetch('a', 'kept')).content, 'v1')
    clock.advance(2_000)
    assert.equal((await cache.fetch('a', 'kept')).content, 'v2')
    assert.equal((await cache.fetch('b', 'kept')).content, 'v3', 'each path is its own')
  })

  test('with a lease serves until that is over', async () => {
    const clock = scriptedClock()
    let live = true
    const keeper = manager(() => Promise.resolve({ content: `v${keeper.asked}`, live: () => live }))
    const cache = new Cache(keeper, clock)
    await cache.fetch('a', 'kept')
    clock.advance(3_600_000)
    assert.equal((await cache.fetch('a', 'kept')).content, 'v1')
    live = false
    const next = cache.fetch('a', 'kept')
    live = true
    assert.equal((await next).content, 'v1', 'it is looked at when it is handed out')
    live = false
    const [one, two] = [cache.fetch('a', 'anew'), cache.fetch('a', 'anew')]
    live = true
    assert.deepEqual([(await one).content, (await two).content], ['v2', 'v2'])
  })

  test('is left once there is another one, and not before', async () => {
    const left: string[] = []
    let fails = false
    const keeper = manager(() => {
      const content = `v${keeper.asked}`
      if (fails) return Promise.reject(new Error('sealed'))
      return Promise.resolve({ content, live: () => true, leave: () => void left.push(content) })
    })
    const cache = new Cache(keeper, scriptedClock())
    await cache.fetch('a', 'kept')
    await cache.fetch('b', 'kept')
    await cache.fetch('a', 'anew')
    assert.deepEqual(left, ['v1'])
    fails = true
    await assert.rejects(cache.fetch('a', 'anew'), /sealed/)
    assert.deepEqual(left, ['v1'])
  })

  test('is not remembered where it was a failure', async () => {
    let fails = true
    const keeper = manager(() =>
      fails ? Promise.reject(new Error('sealed')) : Promise.resolve({ content: 'v', live: always }),
    )
    const cache = new Cache(keeper, scriptedClock())
    await Promise.all(
      [cache.fetch('a', 'kept'), cache.fetch('a', 'kept')].map((each) => assert.rejects(each, /sealed/)),
    )
    assert.equal(keeper.asked, 1)
    fails = false
    assert.equal((await cache.fetch('a', 'kept')).content, 'v')
  })
})
