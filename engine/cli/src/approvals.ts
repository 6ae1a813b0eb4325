import { openApprovals, type ApprovalPorts, type Approvals } from '@sluice/core'
import type { Log } from '@sluice/journal'

/** The approvals of a log, with what approvers are shown. */
export function approvalsOf(
  log: Pick<Log, 'writer' | 'epoch' | 'unseal'>,
  ports: Omit<ApprovalPorts, 'writer' | 'epoch' | 'unseal'>,
): Promise<Approvals> {
  return openApprovals({
    ...ports,
    writer: log.writer,
    epoch: log.epoch,
    unseal: async (event) => {
      const unsealed = await log.unseal(event)
      return unsealed.kind === 'content' ? unsealed.content : null
    },
  })
}
