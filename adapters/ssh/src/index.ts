import type { Adapter } from '@sluice/core'
import { listen } from './listen.ts'
import { impairments } from './native-crypto.ts'
import { actions } from './normalise.ts'
import { probe } from './probe.ts'
import { SshRecording } from './recording.ts'
import { samples } from './samples.ts'
import { credentialNeed, sshTarget, type SshSettings } from './target.ts'

/** SSH 2: commands, each judged as a whole. */
export const ssh: Adapter<SshSettings> = {
  protocol: 'ssh',
  actions,
  target: sshTarget,
  credential: credentialNeed,
  listen,
  probe,
  recording: () => new SshRecording(),
  samples,
  impairments,
}
export type { SshSettings } from './target.ts'
