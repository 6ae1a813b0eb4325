export { topics, type Topic, type TopicOf, type TopicSettings } from './topics.ts'
export { KafkaCluster, type ClusterOptions } from './cluster.ts'
export { distribution, kafkaVersion, MissingError, type Distribution } from './distribution.ts'
export type { Logins, PasswordMechanism, SecuredListener } from './secured.ts'
