import { topics, type Topic, type TopicOf } from '@sluice/kafka'
import type { Clock } from '@sluice/core'
import kafkajs, { type Admin, type ITopicConfig, type Kafka } from 'kafkajs'
import type { TopicRetentionMs } from './topic-retention.ts'

/** The names of the topics of one log. */
export type TopicNames = Readonly<Record<TopicOf, string>>

const kinds = Object.keys(topics) as readonly TopicOf[]

/** Several logs may lie on the same brokers, each under a prefix of its own. */
export function topicNames(prefix: string): TopicNames {
  return Object.fromEntries(kinds.map((kind) => [kind, prefix + topics[kind].name])) as Record<
    TopicOf,
    string
  >
}

/** What a log may be run with although it can lose what was acknowledged. Each is allowed by its name alone. */
export type UnsafeLog =
  /** Fewer than three replicas, or one that acknowledges alone. */
  | 'single_broker'
  /** A replica that lags behind may become the leader. */
  | 'unclean_election'
  /** Events of audit or control end after a time, or at a size. */
  | 'finite_retention'

/** The topics are not as the log needs them. */
export class UnsafeLogError extends Error {
  override readonly name = 'UnsafeLogError'
}

export interface TopicsOptions {
  readonly names: TopicNames
  readonly replication: number
  readonly allowUnsafe: readonly UnsafeLog[]
  /** What the configuration says, and gateways set. */
  readonly retentionMs?: TopicRetentionMs
  /** Settings over those of `infra/kafka`: how long which class of events is kept. */
  readonly retention?: Partial<Record<TopicOf, Readonly<Record<string, string>>>>
}

const pollMs = 100
const metadataWaitMs = 15_000

/** Creates the topics that are missing, and checks all of them. Throws `UnsafeLogError` with everything that is wrong. */
export async function prepareTopics(
  kafka: Kafka,
  options: TopicsOptions & { readonly clock: Clock },
): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    await prepared(admin, options, (ms) => new Promise((resolve) => options.clock.after(ms, resolve)))
  } finally {
    await admin.disconnect()
  }
}

async function prepared(
  admin: Admin,
  options: TopicsOptions,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  const present = new Set(await admin.listTopics())
  const { names } = options
  const missing = kinds.filter((kind) => !present.has(names[kind]))
  if (missing.length > 0) {
    const wanted = missing.map((kind) => creation(kind, options))
    // Of two gateways that start at once one creates them; and the client may not yet know what it has created.
    await admin.createTopics({ topics: wanted, waitForLeaders: false }).catch(async (error: unknown) => {
      if (!(await admin.listTopics()).includes(names.audit)) throw error
    })
  }
  await untilLed(admin, names, pause)
  const problems = await check(admin, options)
  if (problems.length > 0) throw new UnsafeLogError(wording(problems))
}

function creation(kind: TopicOf, { names, replication, retention }: TopicsOptions): ITopicConfig {
  const topic = topics[kind]
  const settings: Readonly<Record<string, string>> = {
    'min.insync.replicas': String(Math.max(1, Math.min(2, replication - 1))),
    'unclean.leader.election.enable': 'false',
    ...topic.settings,
    ...retention?.[kind],
  }
  return {
    topic: names[kind],
    numPartitions: topic.partitions,
    replicationFactor: replication,
    configEntries: Object.entries(settings).map(([key, value]) => ({ name: key, value })),
  }
}

/** Resolves once the leader of every partition answers: metadata names it sooner. */
async function untilLed(
  admin: Admin,
  names: TopicNames,
  pause: (ms: number) => Promise<void>,
): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    try {
      await Promise.all(Object.values(names).map((name) => admin.fetchTopicOffsets(name)))
      return
    } catch (error) {
      if (waitedMs >= metadataWaitMs) throw error
      await pause(pollMs)
    }
  }
}

interface Problem {
  readonly what: string
  /** The name by which it may be allowed; `null`: never. */
  readonly allowedBy: UnsafeLog | null
}

async function check(
  admin: Admin,
  { names, replication, allowUnsafe, retentionMs }: TopicsOptions,
): Promise<readonly Problem[]> {
  const { topics: metadata } = await admin.fetchTopicMetadata({ topics: Object.values(names) })
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: Object.values(names).map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  })
  const problems = kinds.flatMap((kind) => {
    const topic = { ...topics[kind], name: names[kind] }
    const found = metadata.find((each) => each.name === topic.name)
    const entries = resources.find(({ resourceName }) => resourceName === topic.name)?.configEntries ?? []
    const setting = (key: string): string =>
      entries.find(({ configName }) => configName === key)?.configValue ?? ''
    const replicas = Math.min(...(found?.partitions ?? []).map((partition) => partition.replicas.length))
    return [
      ...shape(topic, found?.partitions.length ?? 0),
      ...durability(topic, setting, replicas, replication),
      ...(kind === 'audit' || kind === 'control'
        ? permanence(topic, setting, kind === 'audit' && typeof retentionMs?.audit === 'number')
        : []),
      ...(kind === 'keys' && setting('cleanup.policy') !== 'compact'
        ? [never(topic, 'must be compacted: erased keys would stay')]
        : []),
    ]
  })
  return problems.filter(({ allowedBy }) => allowedBy === null || !allowUnsafe.includes(allowedBy))
}

type Setting = (key: string) => string

function shape(topic: Topic, partitions: number): readonly Problem[] {
  return partitions === topic.partitions
    ? []
    : [never(topic, `has ${partitions} partitions and must have ${topic.partitions}, now and later`)]
}

function durability(
  topic: Topic,
  setting: Setting,
  replicas: number,
  replication: number,
): readonly Problem[] {
  const found: Problem[] = []
  const least = Number(setting('min.insync.replicas'))
  if (replicas < 3 || replication < 3)
    found.push(allowed(topic, `has ${replicas} replicas, three are safe`, 'single_broker'))
  if (least < 2)
    found.push(
      allowed(
        topic,
        `is acknowledged by ${least} replica (min.insync.replicas), two are safe`,
        'single_broker',
      ),
    )
  if (replicas > 1 && least >= replicas)
    found.push(never(topic, 'stops when one broker does: min.insync.replicas is as large as its replication'))
  if (setting('unclean.leader.election.enable') !== 'false')
    found.push(
      allowed(topic, 'loses what was acknowledged by unclean.leader.election.enable', 'unclean_election'),
    )
  return found
}

/** `isTimed`: gateways set and check how long it keeps events themselves. */
function permanence(topic: Topic, setting: Setting, isTimed: boolean): readonly Problem[] {
  const found: Problem[] = []
  if (setting('cleanup.policy').includes('compact'))
    found.push(never(topic, 'is compacted, which removes events: cleanup.policy must be delete'))
  for (const key of isTimed ? ['retention.bytes'] : ['retention.ms', 'retention.bytes'])
    if (setting(key) !== '-1')
      found.push(allowed(topic, `forgets events by ${key}=${setting(key)}`, 'finite_retention'))
  return found
}

function never({ name }: Topic, what: string): Problem {
  return { what: `${name} ${what}`, allowedBy: null }
}

function allowed({ name }: Topic, what: string, allowedBy: UnsafeLog): Problem {
  return { what: `${name} ${what}`, allowedBy }
}

function wording(problems: readonly Problem[]): string {
  const lines = problems.map(
    ({ what, allowedBy }) => `  ${what}${allowedBy === null ? '' : ` (log.allow_unsafe: [${allowedBy}])`}`,
  )
  return `The log on Kafka is not safe:\n${lines.join('\n')}\nChange the topics, or allow by name what you accept.`
}
