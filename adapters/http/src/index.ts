import type { Adapter } from '@sluice/core'
import { listen } from './listen.ts'
import { actions } from './normalise.ts'
import { probe } from './probe.ts'
import { HttpRecording } from './recording.ts'
import { samples } from './samples.ts'
import { credentialNeed, httpTarget, type HttpSettings } from './target.ts'

/** HTTP/1.1 as a reverse proxy. */
export const http: Adapter<HttpSettings> = {
  protocol: 'http',
  actions,
  target: httpTarget,
  credential: credentialNeed,
  listen,
  probe,
  recording: () => new HttpRecording(),
  samples,
}
export type { HttpSettings } from './target.ts'
