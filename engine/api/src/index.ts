export { createApi, type ApiPorts } from './app.ts'
export type { Readiness } from './ready.ts'
export type { Exchange, TokenAnswer } from './token.ts'
