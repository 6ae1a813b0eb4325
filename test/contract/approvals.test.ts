import { approvalsContract } from './approvals.contract.ts'
import { logs } from './control-logs.ts'

for (const [name, open] of Object.entries(logs)) approvalsContract(name, open)
