export { Unreachable } from './command.ts'
export { parseConfig, type Config } from './config/config.ts'
export { ConfigError } from './config/problem.ts'
export {
  demoState,
  demoStateFile,
  demoToken,
  dataFolder,
  exchangeToken,
  type DemoState,
} from './demo-state.ts'
export { withBrokers, type LogConfig } from './config/log.ts'
export { brokersOf } from './log.ts'
export { policyLine, type PolicyChange } from './policies.ts'
export { serve, type Running, type ServeOptions } from './serve.ts'
export { sluice } from './sluice.ts'
