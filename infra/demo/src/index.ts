export { serverAccount } from './postgres-account.ts'
export { startPostgres, type Postgres, type PostgresOptions } from './postgres.ts'
export { loadSampleData, sampleCustomers, sampleOrders } from './sample-data.ts'
export {
  demoConsole,
  demoIssuer,
  demoToken,
  startIdentityProvider,
  type IdentityProvider,
} from './identity-provider.ts'
export { demoSubjects, isDemoSubject, type DemoSubject } from './demo-subjects.ts'
export { chatChunks, chatCompletion, readChat, type ChatAnswer, type ChatAsked } from './chat-completions.ts'
export { startShopApi } from './shop-api.ts'
export { freePort } from './free-port.ts'
export { startDemo, type Demo } from './demo.ts'
export { demoPorts, refuseTaken } from './ports.ts'
export { pythonEnvironment, pythonVersion, type PythonOptions } from './python-environment.ts'
export { inTurn } from './turn.ts'
