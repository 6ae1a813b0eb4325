export { presidio, presidioLimits, RecogniserFailed, type PresidioOptions } from './presidio.ts'
