export { isInPlace, maskInPlace, redacted, type InPlaceMethod } from './methods.ts'
