import type { SecretReference } from '@sluice/identity'
import type { Located } from './document.ts'
import { Entry } from './entry.ts'
import { ConfigError } from './problem.ts'

/** Where what is signed of the log is kept as well. Paths are relative to the configuration file. */
export type CheckpointConfig = FileCheckpointConfig | HttpCheckpointConfig

export interface FileCheckpointConfig {
  readonly kind: 'file'
  readonly path: string
}

export interface HttpCheckpointConfig {
  readonly kind: 'http'
  readonly url: URL
  /** PEM file of the authorities that sign its certificate; `null`: those of the machine. */
  readonly tlsCa: string | null
  readonly token: SecretReference | null
}

/** The file's own shape: `file`, or `url` and what goes with it. */
export interface RawCheckpoint {
  readonly file?: string
  readonly url?: string
  readonly token?: SecretReference
  readonly tls_ca?: string
}

/** Throws `ConfigError`. */
export function checkpointsOf(
  document: Located,
  raw: readonly RawCheckpoint[] | undefined,
): readonly CheckpointConfig[] {
  const entries = (raw ?? []).map((each, index) => new Entry(document, ['log', 'checkpoints', index], each))
  const read = entries.map(checkpointOf)
  const problems = entries.flatMap((entry) => entry.problems)
  if (problems.length > 0) throw new ConfigError(problems)
  return read.filter((each) => each !== undefined)
}

/** `undefined`: there are problems. */
function checkpointOf(entry: Entry<RawCheckpoint>): CheckpointConfig | undefined {
  const { file, token = null, tls_ca: tlsCa = null } = entry.raw
  if (file !== undefined) {
    entry.refuseOthersThan(['file'], 'file')
    return { kind: 'file', path: file }
  }
  const url = entry.needed('url')
  return url === undefined ? undefined : { kind: 'http', url: entry.url('url', url), tlsCa, token }
}
