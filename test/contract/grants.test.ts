import { logs } from './control-logs.ts'
import { grantsContract } from './grants.contract.ts'

for (const [name, open] of Object.entries(logs)) grantsContract(name, open)
