import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { StoreError, systemClock, type EventStore, type LogFollower } from '@sluice/core'
import { Channel, IpcStore, StoreDesk, type Log, type StoreReply, type StoreRequest } from '@sluice/journal'
import { embedded } from './embedded-log.ts'
import { eventStoreContract, now, reasons, all, unit, type LogUnderTest } from './event-store.contract.ts'
import { oneStreamContract } from './one-stream.contract.ts'

/** The log as a worker has it: over a socket of this machine, to a desk that has the embedded one. */
interface Wire extends AsyncDisposable {
  readonly store: IpcStore
  readonly desk: StoreDesk
  /** What the worker holds of the connection, and what the supervisor does. */
  readonly ends: readonly [Socket, Socket]
}

async function wire(log: Log, served: () => boolean = () => true): Promise<Wire> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-ipc-'))
  const server = createServer().listen(join(folder, 'socket'))
  await once(server, 'listening')
  const coming = once(server, 'connection') as Promise<[Socket]>
  const near = connect(join(folder, 'socket'))
  const [far] = await coming
  const below = new Channel<StoreReply, StoreRequest>(far, (request) => desk.take(request))
  const desk = new StoreDesk({ store: log, clock: systemClock, send: (reply) => void below.send(reply) })
  const above = new Channel<StoreRequest, StoreReply>(near, (reply) => store.take(reply))
  const store = new IpcStore({ clock: systemClock, served, send: (request) => above.send(request) })
  void above.over.then(() => store.lose())
  while (!store.healthy) await new Promise((resolve) => setTimeout(resolve, 1))
  return {
    store,
    desk,
    ends: [near, far],
    async [Symbol.asyncDispose]() {
      for (const end of [near, far]) end.destroy()
      await desk.leave()
      server.close()
      await rm(folder, { recursive: true })
    },
  }
}

/** Both halves of the port: who follows the whole log is where the log is. */
function whole(store: IpcStore, log: Log, close: () => Promise<void>): EventStore & LogFollower {
  return {
    get healthy() {
      return store.healthy
    },
    get live() {
      return store.live
    },
    append: (...of) => store.append(...of),
    read: (...of) => store.read(...of),
    subscribe: (...of) => store.subscribe(...of),
    follow: (...of) => log.follow(...of),
    close,
  }
}

async function overIpc(): Promise<LogUnderTest> {
  const under = await embedded()
  let log = under.store as Log
  let worker = await wire(log)
  const leave = async (): Promise<void> => {
    await worker.store.close()
    await worker[Symbol.asyncDispose]()
    await log.close()
  }
  const of = (): EventStore & LogFollower => {
    const { store } = worker
    return whole(store, log, async () => {
      await store.close()
      await log.close()
    })
  }
  return {
    ...under,
    store: of(),
    reopen: async () => {
      await leave()
      log = (await under.reopen()) as Log
      worker = await wire(log)
      return of()
    },
    renamed: async (type) => {
      await leave()
      log = (await under.renamed(type)) as Log
      worker = await wire(log)
      return of()
    },
    close: async () => {
      await leave()
      await under.close()
    },
  }
}

eventStoreContract('over ipc', overIpc)
oneStreamContract('over ipc', overIpc)

suite('the log of another process', () => {
  test('several processes write one incarnation, each stream in the order of its own', async () => {
    const under = await embedded()
    const log = under.store as Log
    const workers = await Promise.all([wire(log), wire(log), wire(log)])
    const appends = workers.flatMap(({ store }, of) =>
      Array.from({ length: 100 }, (_, nth) => store.append(unit(`ses_${of}`, `${nth}`), now)),
    )
    await Promise.all(appends)
    const events = await all(log.read())
    assert.equal(events.length, 300)
    assert.equal(new Set(events.map(({ writer, epoch }) => `${writer} ${epoch}`)).size, 1)
    for (const stream of [0, 1, 2]) {
      const told = reasons(events.filter((event) => event.stream === `ses_${stream}`)).map(Number)
      assert.deepEqual(
        told,
        told.toSorted((a, b) => a - b),
      )
    }
    for (const worker of workers) await worker[Symbol.asyncDispose]()
    await under.close()
  })

  test('when the process with the log is gone, nothing is appended, read or performed', async () => {
    const under = await embedded()
    const worker = await wire(under.store as Log)
    const { store, ends } = worker
    await store.append(unit('ses_a', 'before'), now)
    assert.ok(store.live)
    under.stall()
    const waiting = store.append(unit('ses_a', 'in flight'), now)
    const following = all(store.subscribe(undefined, new AbortController().signal))
    const unavailable = (error: unknown): boolean =>
      error instanceof StoreError && error.reason === 'unavailable'
    const refused = [assert.rejects(waiting, unavailable), assert.rejects(following, unavailable)]
    ends[1].destroy()
    await Promise.all(refused)
    assert.ok(!store.live && !store.healthy)
    await assert.rejects(store.append(unit('ses_a', 'after'), now), unavailable)
    await assert.rejects(all(store.read()), unavailable)
    under.resume()
    await worker[Symbol.asyncDispose]()
    await under.close()
  })

  test('what it no longer answers for may not be performed, before anything was heard of its end', async () => {
    const under = await embedded()
    let there = true
    const worker = await wire(under.store as Log, () => there)
    assert.ok(worker.store.live)
    there = false
    assert.ok(!worker.store.live)
    await worker[Symbol.asyncDispose]()
    await under.close()
  })

  test('a lease that nobody renews ends in the other process as well', async () => {
    const under = await embedded()
    const log = under.store as Log
    const leased = new Proxy(log, {
      get: (target, name) => {
        if (name === 'liveForMs') return 400
        const value: unknown = Reflect.get(target, name)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const worker = await wire(leased)
    assert.ok(worker.store.live)
    // The process with the log stands still: nothing is told any more.
    worker.ends[1].pause()
    await worker.desk.leave()
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.ok(!worker.store.live)
    await worker[Symbol.asyncDispose]()
    await under.close()
  })

  test('a process that does not answer is not waited for longer than the deadline', async () => {
    const under = await embedded()
    const worker = await wire(under.store as Log)
    worker.ends[1].pause()
    const late = worker.store.append(unit('ses_a', 'late'), { withinMs: 50, urgency: 'now' })
    await assert.rejects(late, (error) => error instanceof StoreError && error.reason === 'deadline')
    worker.ends[1].resume()
    await worker.store.close()
    assert.deepEqual(reasons(await all(under.store.read())), ['late'], 'and nothing was given up')
    await worker[Symbol.asyncDispose]()
    await under.close()
  })

  test('what the process did not take yet is bounded', async () => {
    const under = await embedded()
    const worker = await wire(under.store as Log)
    const store = new IpcStore({
      clock: systemClock,
      served: () => true,
      send: () => 1_000,
      queueBytesMax: 3_000,
    })
    const waiting = [1, 2, 3].map((nth) => store.append(unit('ses_a', `${nth}`), now))
    const more = store.append(unit('ses_a', 'more'), now)
    await assert.rejects(more, (error) => error instanceof StoreError && error.reason === 'full')
    const rejected = waiting.map((each) => assert.rejects(each))
    store.lose()
    await Promise.all(rejected)
    await worker[Symbol.asyncDispose]()
    await under.close()
  })

  test('messages of every size arrive whole and in order', async () => {
    const under = await embedded()
    const { ends, ...worker } = await wire(under.store as Log)
    const arrived: Uint8Array[] = []
    const got = Promise.withResolvers<void>()
    for (const end of ends) end.removeAllListeners('data')
    const sizes = [0, 1, 65_535, 65_536, 3_000_000, 7, 1_000_003]
    const near = new Channel<never, Uint8Array>(ends[0], (bytes) => {
      arrived.push(bytes)
      if (arrived.length === sizes.length) got.resolve()
    })
    const channel = new Channel<Uint8Array, never>(ends[1], () => {})
    for (const [nth, bytes] of sizes.entries()) {
      const content = Buffer.alloc(bytes, nth)
      channel.send(content)
      // What is sent is what it was then.
      content.fill(255)
    }
    await got.promise
    assert.equal(near.isOver, false)
    assert.deepEqual(
      arrived.map((bytes) => [bytes.length, bytes.every((each) => each === bytes[0])]),
      sizes.map((bytes) => [bytes, true]),
    )
    assert.deepEqual(
      arrived.map((bytes) => bytes[0]),
      sizes.map((bytes, nth) => (bytes === 0 ? undefined : nth)),
    )
    await worker[Symbol.asyncDispose]()
    await under.close()
  })
})
