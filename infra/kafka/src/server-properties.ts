import { securedSettings, type PlacedListener } from './secured.ts'

/** One node of a cluster on loopback. */
export interface NodePlace {
  /** From 1. */
  readonly id: number
  readonly port: number
  readonly controllerPort: number
  /** Of its folder, 22 characters of base64url. */
  readonly directoryId: string
}

/** For brokers that tests kill: they are missed after three seconds instead of nine. */
const missedMs = 3_000

export type NodeSettings = Readonly<Record<string, string | number | boolean>>

/** The settings of a node that is broker and controller at once (KRaft), as a file. */
export async function serverProperties(
  node: NodePlace,
  nodes: readonly NodePlace[],
  secured: readonly PlacedListener[],
  folder: string,
): Promise<string> {
  const plain = nodeSettings(node, nodes, folder)
  const settings =
    secured.length === 0 ? plain : { ...plain, ...(await securedSettings(secured, plain, folder)) }
  return `${Object.entries(settings)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`
}

export function nodeSettings(node: NodePlace, nodes: readonly NodePlace[], folder: string): NodeSettings {
  const replicas = nodes.length >= 3 ? 3 : 1
  const acknowledging = nodes.length >= 3 ? 2 : 1
  const listeners = `PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`
  return {
    'process.roles': 'broker,controller',
    'node.id': node.id,
    listeners,
    'advertised.listeners': listeners,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': nodes
      .map(({ controllerPort }) => `127.0.0.1:${controllerPort}`)
      .join(','),
    'log.dirs': `${folder}/log`,
    'auto.create.topics.enable': false,
    'unclean.leader.election.enable': false,
    'log.retention.ms': -1,
    'default.replication.factor': replicas,
    'min.insync.replicas': acknowledging,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': acknowledging,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': acknowledging,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'broker.session.timeout.ms': missedMs,
    'broker.heartbeat.interval.ms': 500,
    'replica.lag.time.max.ms': 5_000,
  }
}

/** The voters with which a cluster of several controllers begins. */
export function initialControllers(nodes: readonly NodePlace[]): string {
  return nodes
    .map(({ id, controllerPort, directoryId }) => `${id}@127.0.0.1:${controllerPort}:${directoryId}`)
    .join(',')
}
