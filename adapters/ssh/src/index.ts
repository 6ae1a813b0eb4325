import type { Adapter } from '@sluice/core'
import { listen } from './listen.ts'
import { actions } from './normalise.ts'
import { credentialNeed, sshTarget, type SshSettings } from './target.ts'

/** SSH 2: commands, each judged as a whole. */
export const ssh: Adapter<SshSettings> = {
  protocol: 'ssh',
  actions,
  target: sshTarget,
  credential: credentialNeed,
  listen,
}
export type { SshSettings } from './target.ts'
