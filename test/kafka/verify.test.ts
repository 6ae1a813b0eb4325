import { before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import kafkajs from 'kafkajs'
import { systemClock, systemIds, type NewEvent } from '@sluice/core'
import {
  memoryKeys,
  openKafka,
  verifyKafka,
  type CheckpointOutlet,
  type GatewayKeys,
  type KeptCheckpoints,
  type Verification,
} from '@sluice/journal'
import { signedLine, type Statement } from '../../engine/journal/src/statement.ts'
import { decodeRecord, encodeRecord } from '../../engine/journal/src/kafka/wire.ts'
import { broker } from './broker.ts'
import { kafkaLogOptions, rechained, records, type StoredRecord } from './log-under-test.ts'

const ids = systemIds(systemClock)
const now = { withinMs: 5_000, urgency: 'now' } as const
const kafka = await broker()

function event(reason: string): NewEvent {
  const data = { session: 'ses_a', exchange: ids.next('exc'), reason }
  return { id: ids.next('evt'), time: systemClock.now(), type: 'ExchangeAbandoned', data }
}

const stream = 'ses_a'

suite('verification on Kafka', { skip: 'missing' in kafka ? kafka.missing : false }, () => {
  const brokers = 'missing' in kafka ? [] : kafka.brokers
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING })
  const keys = memoryKeys()
  let written: readonly StoredRecord[]
  let prefix: string
  /** What the log's checkpoints said, where nobody who may write to the brokers can change it. */
  const lines: string[] = []

  before(async () => {
    const outlet: CheckpointOutlet = {
      name: 'elsewhere',
      keep: async (line) => void lines.push(line),
      close: async () => {},
    }
    const options = { ...kafkaLogOptions(brokers, keys), checkpointMs: 50, outlets: [outlet] }
    prefix = options.prefix ?? ''
    for (const life of [0, 1]) {
      const log = await openKafka(options)
      for (let at = 0; at < 8; at++)
        await log.append({ stream, events: [event(`${life}.${at}`), event(`${life}.${at}+`)] }, now)
      await log.append({ stream: 'ses_b', events: [event('other')] }, now)
      await log.append({ stream: 'control', events: [event('of all')] }, now)
      await log.close()
    }
    written = await records(client, prefix)
  })

  /** Verifies a copy of the log in which this was done to the records of the stream. */
  async function tampered(change: Change): Promise<Verification> {
    const prefix = await copied([...others(written), ...change(written.filter(isMine))])
    return verifyKafka({ connection: { brokers }, prefix, clock: systemClock })
  }

  /** Another log with these records, and the prefix of its topics. */
  async function copied(of: readonly StoredRecord[]): Promise<string> {
    const copy = `${randomBytes(6).toString('hex')}.`
    const empty = await openKafka({ ...kafkaLogOptions(brokers), prefix: copy })
    await empty.close()
    const admin = client.admin()
    await admin.connect()
    for (const topic of ['audit', 'control', 'checkpoints'])
      await admin.deleteTopicRecords({
        topic: `${copy}sluice.${topic}.v1`,
        partitions: await ends(admin, `${copy}sluice.${topic}.v1`),
      })
    await admin.disconnect()
    const producer = client.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
    await producer.connect()
    for (const { topic, partition, key, value } of of)
      await producer.send({ topic: renamed(topic, copy), messages: [{ partition, key, value }] })
    await producer.disconnect()
    return copy
  }

  /** What was kept, of the log under that prefix: a copy in its place would have its name. */
  function kept(name = prefix): readonly KeptCheckpoints[] {
    const read = async function* (): AsyncGenerator<string> {
      for (const line of lines) yield name === prefix ? line : resigned(line, prefix, name, keys)
    }
    return [{ name: 'kept.jsonl', lines: read() }]
  }

  function renamed(topic: string, to: string): string {
    return topic.replace(prefix, to)
  }

  test('a log of two incarnations is whole', async () => {
    const { ok, events, streams, findings } = await verifyKafka({
      connection: { brokers },
      prefix,
      clock: systemClock,
    })
    assert.deepEqual(findings, [])
    assert.ok(ok)
    assert.equal(streams, 6)
    assert.equal(events, 2 * (16 + 1 + 1 + 2))
  })

  const cases: Readonly<Record<string, readonly [Change, RegExp]>> = {
    'a flipped byte': [
      (of) => of.map((record, at) => (at === 3 ? { ...record, value: flipped(record.value) } : record)),
      /was changed: its hash/,
    ],
    'a removed record': [(of) => of.filter((_, at) => at !== 3), /events 6 to 7 of the stream are missing/],
    'records in another order': [
      (of) => of.map((record, at) => (at === 3 ? (of[4] ?? record) : at === 4 ? (of[3] ?? record) : record)),
      /are missing before this one/,
    ],
    'a repeated record': [(of) => [...of.slice(0, 4), ...of.slice(3)], /is repeated/],
    'a forked event': [
      (of) => [...of.slice(0, 4), forked(of[3]), ...of.slice(4)],
      /it is repeated, or the stream forks/,
    ],
    'a rewritten history': [(of) => rewritten(of), /what the gateway signed of everything up to here/],
    'a cut end': [
      (of) => of.slice(0, -3),
      /the end was cut off: gw_1 in its incarnation \d+ wrote \d+ events here/,
    ],
    'what an invented gateway wrote': [(of) => [...of, invented(of[0])], /gw_9\/1 never joined this log/],
    'what follows after the end': [
      (of) => [...of, continued(of.at(-1))],
      /gw_1 goes on here after it closed its incarnation/,
    ],
    'something else': [
      (of) =>
        of.flatMap((record, at) => (at === 0 ? [record, { ...record, value: Buffer.from('{}') }] : [record])),
      /not what a gateway writes/,
    ],
  }
  for (const [name, [change, found]] of Object.entries(cases))
    test(`${name} is found, with its place`, async () => {
      const { ok, findings } = await tampered(change)
      assert.equal(ok, false)
      assert.ok(
        findings.some(({ what }) => found.test(what)),
        findings.map(({ what }) => what).join('\n'),
      )
      for (const { segment } of findings) assert.match(segment, /sluice\.audit\.v1\/\d+$/)
    })

  test('it is what was kept elsewhere, too', async () => {
    assert.ok(lines.length >= 2)
    const { findings } = await verifyKafka({
      connection: { brokers },
      prefix,
      kept: kept(),
      clock: systemClock,
    })
    assert.deepEqual(findings, [])
  })

  const together: Readonly<Record<string, readonly [Change, RegExp]>> = {
    'a cut end': [
      (of) => cut(of, 6),
      /^the end was cut off: gw_1 in its incarnation \d+ wrote \d+ events here, these are \d+, says kept\.jsonl$/,
    ],
    'a rewritten end': [
      (of) => [...others(of), ...rewritten(of.filter(isMine))],
      /^what the gateway signed of everything up to here is not what is here, says kept\.jsonl$/,
    ],
    'an incarnation that is missing': [
      (of) => {
        const [first] = of.filter(isMine).map(epochOf)
        return of.filter((record) => epochOf(record) === first)
      },
      /^the end was cut off: gw_1 in its incarnation \d+ wrote \d+ events here, these are 0, says kept\.jsonl$/,
    ],
  }
  for (const [name, [change, found]] of Object.entries(together))
    test(`${name} is found where the checkpoints in the log went with it`, async () => {
      const copy = await copied(change(written.filter(({ topic }) => !topic.includes('.checkpoints.'))))
      const options = { connection: { brokers }, prefix: copy, clock: systemClock }
      assert.deepEqual((await verifyKafka(options)).findings, [], 'the log by itself looks whole')
      const { ok, findings } = await verifyKafka({ ...options, kept: kept(copy) })
      assert.equal(ok, false)
      assert.ok(
        findings.some(({ what }) => found.test(what)),
        findings.map(({ what }) => what).join('\n'),
      )
    })

  test('what was written since a time is checked alone', async () => {
    const since = systemClock.now() + 3_600_000
    const { ok, events } = await verifyKafka({ connection: { brokers }, prefix, clock: systemClock, since })
    assert.deepEqual([ok, events], [true, 0])
    const all = await verifyKafka({ connection: { brokers }, prefix, clock: systemClock, since: 1 })
    assert.deepEqual([all.ok, all.events], [true, 40])
  })
})

/** What is done to a log that lies on brokers, by whoever may write there. */
type Change = (of: readonly StoredRecord[]) => readonly StoredRecord[]

/** Records of this log hold one unit each: nobody else writes meanwhile. */
function isMine(record: StoredRecord): boolean {
  return record.topic.includes('.audit.') && firstOf(record).envelope.stream === stream
}

function others(of: readonly StoredRecord[]): readonly StoredRecord[] {
  return of.filter((record) => !isMine(record))
}

/** Without the last records of the stream. */
function cut(of: readonly StoredRecord[], records: number): readonly StoredRecord[] {
  return [...others(of), ...of.filter(isMine).slice(0, -records)]
}

function epochOf(record: StoredRecord): number {
  return firstOf(record).envelope.epoch
}

/** The line as the gateway would have written it for a log of this name. */
function resigned(line: string, from: string, to: string, keys: GatewayKeys): string {
  const { checkpoint } = JSON.parse(line) as { readonly checkpoint: Statement }
  return signedLine({ ...checkpoint, log: checkpoint.log.replace(from, to) }, keys)
}

async function ends(admin: ReturnType<kafkajs.Kafka['admin']>, topic: string) {
  const offsets = await admin.fetchTopicOffsets(topic)
  return offsets.map(({ partition, high }) => ({ partition, offset: high }))
}

function flipped(value: Buffer): Buffer {
  const changed = Buffer.from(value)
  const at = changed.indexOf('.3') + 1
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}

/** Of an incarnation of its own, whose chain fits. */
function invented(record: StoredRecord | undefined): StoredRecord {
  const { envelope } = firstOf(record)
  const bytes = rechained({ ...envelope, writer: 'gw_9', epoch: 1, seq: 0 }, Buffer.alloc(32))
  if (record === undefined) throw new Error('there is no such record')
  return { ...record, value: encodeRecord([{ bytes, signed: false }]) }
}

/** The next event of the stream, as the gateway would have written it. */
function continued(record: StoredRecord | undefined): StoredRecord {
  if (record === undefined) throw new Error('there is no such record')
  const last = decodeRecord(record.value).at(-1)
  if (last === undefined) throw new Error('the record is empty')
  const bytes = rechained({ ...last.envelope, seq: last.envelope.seq + 1 }, last.envelope.hash)
  return { ...record, value: encodeRecord([{ bytes, signed: false }]) }
}

function firstOf(record: StoredRecord | undefined) {
  if (record === undefined) throw new Error('there is no such record')
  const [first] = decodeRecord(record.value)
  if (first === undefined) throw new Error('the record is empty')
  return first
}

/** Another event with the same number, whose hash fits. */
function forked(record: StoredRecord | undefined): StoredRecord {
  if (record === undefined) throw new Error('there is no such record')
  const [first] = decodeRecord(record.value)
  if (first === undefined) throw new Error('the record is empty')
  const bytes = rechained({ ...first.envelope, time: 1 }, first.envelope.prev_hash)
  return { ...record, value: encodeRecord([{ bytes, signed: false }]) }
}

/** Every event says something else, and each chain fits. */
function rewritten(of: readonly StoredRecord[]): readonly StoredRecord[] {
  const heads = new Map<string, Buffer>()
  return of.map((record) => {
    const events = decodeRecord(record.value).map(({ envelope }) => {
      const chain = `${envelope.epoch}`
      const bytes = rechained({ ...envelope, run_id: 'another' }, heads.get(chain) ?? Buffer.alloc(32))
      heads.set(chain, Buffer.from(bytes.subarray(bytes.length - 33, bytes.length - 1)))
      return { bytes, signed: false }
    })
    return { ...record, value: encodeRecord(events) }
  })
}
