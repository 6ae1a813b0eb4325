import { controlStream } from '@sluice/core'
import { topics } from '@sluice/kafka'
import type { IncarnationOf } from '../incarnation.ts'

/** One partition of the topics that hold events. */
export interface Partition {
  readonly topic: 'audit' | 'control'
  readonly partition: number
}

/** Control has one; the others are the sessions'. In this order a position names them. */
export const partitions: readonly Partition[] = [
  { topic: 'control', partition: 0 },
  ...Array.from({ length: topics.audit.partitions }, (_, partition) => ({
    topic: 'audit' as const,
    partition,
  })),
]

/** By this all records of an incarnation are placed, and can be found with any client. */
export function keyOf({ writer, epoch }: IncarnationOf): string {
  return `${writer}/${epoch}`
}

/** Index among `partitions` of control. */
export const controlPartition = 0

/** Index among `partitions` of where an incarnation writes the events of all of its sessions. */
export function homeOf(incarnation: IncarnationOf): number {
  return 1 + keyedPartition(keyOf(incarnation), topics.audit.partitions)
}

/** Index among `partitions` of where an incarnation with that home writes the events of a stream. */
export function placeOf(stream: string, home: number): number {
  return stream === controlStream ? controlPartition : home
}

/**
 * Indexes among `partitions` of where a stream's events may be. A session's are in the home of whoever wrote them; in
 * logs from before there were homes, in the partition of the session's own key.
 */
export function partitionsOf(stream: string | undefined): readonly number[] {
  const all = [...partitions.keys()]
  if (stream === undefined) return all
  return all.filter((index) => (index === controlPartition) === (stream === controlStream))
}

/** Where Kafka's own clients put a key, so that any of them finds it. */
export function keyedPartition(key: string, of: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fff_ffff) % of
}

const multiplier = 0x5bd1_e995
const seed = 0x9747_b28c

/** As in Apache Kafka's `Utils.murmur2`; a signed 32-bit integer. */
export function murmur2(key: Buffer): number {
  const whole = key.length & ~3
  let hash = seed ^ key.length
  for (let at = 0; at < whole; at += 4) {
    const mixed = mix(key.readInt32LE(at))
    hash = Math.imul(hash, multiplier) ^ mixed
  }
  const rest = key.subarray(whole)
  if (rest.length > 0) {
    for (const [index, byte] of rest.entries()) hash ^= byte << (8 * index)
    hash = Math.imul(hash, multiplier)
  }
  hash ^= hash >>> 13
  hash = Math.imul(hash, multiplier)
  return hash ^ (hash >>> 15)
}

function mix(word: number): number {
  const product = Math.imul(word, multiplier)
  return Math.imul(product ^ (product >>> 24), multiplier)
}
