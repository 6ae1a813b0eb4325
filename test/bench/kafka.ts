import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import kafkajs from 'kafkajs'
import { systemClock, systemIds, type NewEvent } from '@sluice/core'
import { memoryKeys, openKafka, verifyKafka, type Sink } from '@sluice/journal'
import { startKafka } from '../src/kafka.ts'
import { median, quantile, shuffled } from './statistics.ts'

/**
 * What the log on one broker costs: the time that an append adds for one writer, over a log that acknowledges at once;
 * and what fifty writers get through it, over one send for each record; beside it what the client itself gets through
 * with fifty records in each send, which nothing built on it can exceed. In rounds, everything in each.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    ms: { type: 'string', default: '2000' },
    verify: { type: 'string', default: '0' },
  },
})
const rounds = Number(values.rounds)
const ms = Number(values.ms)
const ids = systemIds(systemClock)
const keys = memoryKeys()
const writers = 50
/** Drawn once: drawing costs more than what is measured. */
const content = randomBytes(60)
const record = randomBytes(600)

function request(): NewEvent {
  const actions = JSON.stringify([{ name: 'sql.select', filler: 'x'.repeat(300) }])
  const data = { session: 'ses', exchange: ids.next('exc'), actions, digest: 'd'.repeat(64), bytes: 60 }
  return {
    id: ids.next('evt'),
    time: systemClock.now(),
    type: 'RequestReceived',
    data,
    sealed: content,
  }
}

const broker = await startKafka(1, false)
const connection = { brokers: broker.brokers }
const common = {
  connection,
  keys,
  clock: systemClock,
  ids,
  replication: 1,
  allowUnsafe: ['single_broker'],
  report: (what: string, error: unknown) => console.error(what, error),
} as const

/** Everything but the brokers. */
const atOnce = (sink: Sink): Sink => ({
  write: async () => () => '' as never,
  buffer: (bytes) => sink.buffer(bytes),
  recycle: (buffer) => sink.recycle(buffer),
})

try {
  const written = await openKafka({ ...common, prefix: 'bench.', writer: 'gw' })
  let acknowledging = true
  const unwritten = await openKafka({
    ...common,
    prefix: 'none.',
    writer: 'gw',
    sink: (sink) => ({
      ...atOnce(sink),
      write: (batch) => (acknowledging ? sink.write(batch) : atOnce(sink).write(batch)),
    }),
  })
  acknowledging = false
  const producer = new kafkajs.Kafka({
    brokers: [...broker.brokers],
    logLevel: kafkajs.logLevel.NOTHING,
  }).producer({
    idempotent: true,
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  })
  await producer.connect()

  const appendTo = (log: typeof written) => (writer: number) =>
    log.append({ stream: `ses_${writer}`, events: [request()] }, { withinMs: 30_000, urgency: 'now' })
  const send = (writer: number) =>
    producer.send({
      topic: 'bench.sluice.bodies.v1',
      acks: -1,
      messages: [{ key: `ses_${writer}`, value: record }],
    })
  const sendAll = () =>
    producer.send({
      topic: 'bench.sluice.bodies.v1',
      acks: -1,
      messages: Array.from({ length: writers }, (_, writer) => ({ key: `ses_${writer}`, value: record })),
    })
  const one = new Map<string, number[]>()
  const fifty = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    for (const [name, act] of shuffled([
      ['no log', appendTo(unwritten)],
      ['Kafka', appendTo(written)],
    ] as const)) {
      const { p50 } = await measured(act, 1)
      one.set(name, [...(one.get(name) ?? []), p50])
    }
    for (const [name, act, callers] of shuffled([
      ['committer', appendTo(written), writers],
      ['send per record', send, writers],
      ['client', sendAll, 1],
    ] as const)) {
      const { perSecond } = await measured(act, callers)
      fifty.set(name, [...(fifty.get(name) ?? []), perSecond * (writers / callers)])
    }
    process.stderr.write(`\rround ${round + 1}/${rounds} `)
  }
  const p50 = (name: string): number => median(one.get(name) ?? [])
  const rate = (name: string): number => median(fifty.get(name) ?? [])
  console.log(
    `\none writer, p50: no log ${p50('no log').toFixed(3)} ms, Kafka ${p50('Kafka').toFixed(3)} ms,`,
  )
  console.log(`  adds ${(p50('Kafka') - p50('no log')).toFixed(3)} ms`)
  console.log(`fifty writers, one send for each record: ${rate('send per record').toFixed(0)}/s`)
  for (const [name, what] of [
    ['committer', 'the committer'],
    ['client', 'the client alone, fifty in each send'],
  ] as const) {
    const ratios = (fifty.get(name) ?? []).map((each, at) => each / (fifty.get('send per record')?.[at] ?? 1))
    const spread = `${quantile(ratios, 0.25).toFixed(1)}–${quantile(ratios, 0.75).toFixed(1)}`
    console.log(`  ${what}: ${rate(name).toFixed(0)}/s, × ${median(ratios).toFixed(1)} (${spread})`)
  }
  await producer.disconnect()
  acknowledging = true
  await unwritten.close()
  await filled(written, Number(values.verify))
  await written.close()
  if (Number(values.verify) > 0) await verification()
} finally {
  await broker.close()
}

async function measured(act: (writer: number) => Promise<unknown>, callers: number) {
  const taken: number[] = []
  const until = performance.now() + ms
  const started = performance.now()
  await Promise.all(
    Array.from({ length: callers }, async (_, writer) => {
      while (performance.now() < until) {
        const begun = performance.now()
        await act(writer)
        taken.push(performance.now() - begun)
      }
    }),
  )
  const seconds = (performance.now() - started) / 1_000
  return { p50: quantile(taken, 0.5), perSecond: taken.length / seconds }
}

async function filled(log: Awaited<ReturnType<typeof openKafka>>, events: number): Promise<void> {
  const batch = 5_000
  for (let done = 0; done < events; done += batch) {
    await Promise.all(
      Array.from({ length: batch }, (_, at) =>
        log.append({ stream: `ses_v${at % 200}`, events: [request()] }, { withinMs: 60_000, urgency: 'now' }),
      ),
    )
    process.stderr.write(`\r${done + batch} events written `)
  }
}

async function verification(): Promise<void> {
  const started = performance.now()
  const { ok, events } = await verifyKafka({ connection, prefix: 'bench.', clock: systemClock })
  const seconds = (performance.now() - started) / 1_000
  const rss = process.memoryUsage().rss / 2 ** 20
  console.log(
    `verified ${events} events, ${ok ? 'whole' : 'NOT WHOLE'}: ${(events / seconds).toFixed(0)}/s, RSS of the whole bench ${rss.toFixed(0)} MiB`,
  )
}
