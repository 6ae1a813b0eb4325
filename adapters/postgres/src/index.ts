import type { Adapter } from '@sluice/core'
import { listen } from './listen.ts'
import { actions } from './normalise.ts'
import { probe } from './probe.ts'
import { PostgresRecording } from './recording.ts'
import { samples } from './samples.ts'
import { postgresTarget, type PostgresSettings } from './target.ts'

/** The PostgreSQL protocol, version 3. */
export const postgres: Adapter<PostgresSettings> = {
  protocol: 'postgres',
  actions,
  target: postgresTarget,
  credential: () => 'login',
  listen,
  probe,
  recording: () => new PostgresRecording(),
  samples: (_settings, known) => samples(known),
}
export { roleSql, type RoleTerms } from './least-privilege.ts'
export type { PostgresSettings } from './target.ts'
