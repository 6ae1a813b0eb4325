import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import type { EventData, RecordedEvent } from '@sluice/core'
import type { Report } from '../data-keys.ts'
import type { ControlView } from './control-view.ts'
import { UnsafeLogError, type TopicNames } from './topics.ts'

/** Topics that the brokers may shorten; what concerns more than one session and the keys stay. */
export type Shortened = 'audit' | 'bodies'

/** Milliseconds; `null`: the gateway does not touch the topic, which must keep everything. */
export type TopicRetentionMs = Readonly<Record<Shortened, number | null>>

export interface TopicRetentionPorts {
  readonly kafka: Kafka
  readonly names: TopicNames
  readonly view: Pick<ControlView, 'holds' | 'retentionMs'>
  readonly retentionMs: TopicRetentionMs
  /** Writes it down before it is so. */
  readonly announce: (data: EventData['TopicRetentionSet']) => Promise<unknown>
  readonly report: Report
}

const setting = 'retention.ms'
const forEver = -1
/** A setting of the topic itself. */
const ofTopic = kafkajs.ConfigSource.TOPIC_CONFIG

/**
 * Has the brokers remove what is older than the configuration says. They cannot pass over single records: while any legal hold
 * is active nothing is removed.
 */
export class TopicRetention {
  readonly #ports: TopicRetentionPorts
  #setting: Promise<void> = Promise.resolve()

  constructor(ports: TopicRetentionPorts) {
    this.#ports = ports
  }

  /** @throws UnsafeLogError when a topic forgets events after a time that no gateway has set */
  async set(): Promise<void> {
    const { kafka, retentionMs } = this.#ports
    if (retentionMs.audit === null && retentionMs.bodies === null) return
    const admin = kafka.admin()
    await admin.connect()
    try {
      for (const topic of ['audit', 'bodies'] as const) {
        const configured = retentionMs[topic]
        if (configured !== null) await this.#retain(admin, topic, configured)
      }
    } finally {
      await admin.disconnect()
    }
  }

  /** Sets it again, one at a time, each by what is held when its turn comes. */
  follow(event: RecordedEvent): void {
    if (event.type !== 'LegalHoldPlaced' && event.type !== 'LegalHoldReleased') return
    this.#setting = this.#setting
      .then(() => this.set())
      .catch((error: unknown) =>
        this.#ports.report('the topics were not told how long to keep events under a legal hold', error),
      )
  }

  /** Resolves when nothing is being set. */
  settled(): Promise<void> {
    return this.#setting
  }

  async #retain(admin: Admin, topic: Shortened, configured: number): Promise<void> {
    const { names, view, announce } = this.#ports
    const wanted = view.holds.active().length > 0 ? forEver : configured
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: names[topic] }
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] })
    const entries = resources[0]?.configEntries ?? []
    const found = Number(entries.find(({ configName }) => configName === setting)?.configValue)
    if (found === wanted) return
    if (![forEver, configured, view.retentionMs.get(topic)].includes(found))
      throw new UnsafeLogError(
        `The log on Kafka is not safe: ${names[topic]} forgets events by ${setting}=${found}, which no gateway has set. Set it to -1 or to ${configured}.`,
      )
    await announce({ topic, retention_ms: wanted })
    // Whatever is not named falls back to what the brokers have.
    const own = entries.filter(
      ({ configName, configSource }) => configName !== setting && configSource === ofTopic,
    )
    const configEntries = [
      ...own.map(({ configName, configValue }) => ({ name: configName, value: configValue })),
      { name: setting, value: String(wanted) },
    ]
    await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries }] })
  }
}
