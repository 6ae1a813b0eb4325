/** Settings of a topic, as Kafka names them. */
export type TopicSettings = Readonly<Record<string, string>>

export type TopicOf = 'audit' | 'control' | 'bodies' | 'keys' | 'checkpoints' | 'leases'

export interface Topic {
  readonly name: string
  /** Chosen once: with other partitions an incarnation would no longer be where its key says. */
  readonly partitions: number
  readonly settings: TopicSettings
}

/** Nothing is ever dropped or compacted away: what was acknowledged stays. */
const forEver = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' } as const

const minute = 60_000

/** The topics of the log. Brokers add replication and the number of replicas that must acknowledge. */
export const topics: Readonly<Record<TopicOf, Topic>> = {
  /** Every session's events, those of all sessions of one life of a gateway in one partition. */
  audit: {
    name: 'sluice.audit.v1',
    partitions: 12,
    settings: { ...forEver, 'max.message.bytes': '1048588' },
  },
  /** What concerns more than one session, in one order for all gateways. Holds policy bundles, so messages may be large. */
  control: {
    name: 'sluice.control.v1',
    partitions: 1,
    settings: { ...forEver, 'max.message.bytes': '25165824' },
  },
  /** Content too large for its event, encrypted, in chunks. */
  bodies: {
    name: 'sluice.bodies.v1',
    partitions: 12,
    settings: { ...forEver, 'max.message.bytes': '1048588' },
  },
  /** Wrapped data keys. Erasing one writes a tombstone, and compaction removes the key within the hour. */
  keys: {
    name: 'sluice.keys.v1',
    partitions: 1,
    settings: {
      'cleanup.policy': 'compact',
      'max.compaction.lag.ms': String(60 * minute),
      'segment.ms': String(30 * minute),
      'min.cleanable.dirty.ratio': '0.01',
    },
  },
  /** Signed statements of how far the other topics went. */
  checkpoints: { name: 'sluice.checkpoints.v1', partitions: 1, settings: forEver },
  /** Heartbeats of the gateways; of no interest once they are old. */
  leases: {
    name: 'sluice.leases.v1',
    partitions: 1,
    settings: { 'cleanup.policy': 'delete', 'retention.ms': String(1_440 * minute) },
  },
}
