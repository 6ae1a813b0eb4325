import type { Kafka } from 'kafkajs'
import type { Committer } from '../append.ts'
import type { DataKeys } from '../data-keys.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { ControlView } from './control-view.ts'
import type { KafkaOptions } from './kafka-log.ts'
import type { KeyTopic } from './key-topic.ts'
import type { Lease, LeaseTimes } from './lease.ts'
import type { Offload } from './offload.ts'
import type { TopicSink } from './topic-sink.ts'
import type { TopicNames } from './topics.ts'

/** What a log on Kafka is made of. */
export interface Parts {
  readonly options: KafkaOptions
  readonly kafka: Kafka
  readonly names: TopicNames
  readonly view: ControlView
  readonly lease: Lease
  readonly shelf: KeyTopic
  readonly dataKeys: DataKeys
  readonly sink: TopicSink
  readonly committer: Committer
  readonly offload: Offload
  readonly checkpoints: Checkpoints
  readonly times: LeaseTimes
}
