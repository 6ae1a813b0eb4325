export { presidio, presidioLimits, type PresidioOptions } from './presidio.ts'
