import type { Adapter } from '@sluice/core'
import { listen } from './listen.ts'
import { actions } from './normalise.ts'
import { PostgresRecording } from './recording.ts'
import { postgresTarget, type PostgresSettings } from './target.ts'

/** The PostgreSQL protocol, version 3. */
export const postgres: Adapter<PostgresSettings> = {
  protocol: 'postgres',
  actions,
  target: postgresTarget,
  credential: () => 'login',
  listen,
  recording: () => new PostgresRecording(),
}
export type { PostgresSettings } from './target.ts'
