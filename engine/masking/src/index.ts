export type { Detector, Span } from './detector.ts'
export { isClosed, lookInto, type CellLook } from './cell-look.ts'
export { CellSearch, type CellBatch } from './cell-search.ts'
export { Undecodable, type Format } from './data-type.ts'
export { builtInDetectors } from './detectors/built-in.ts'
export { BadPattern, configuredDetector, configuredLimits } from './detectors/configured.ts'
export { knownDetectors } from './detectors/known.ts'
export { findings, unite, type Finding, type Found } from './detectors/findings.ts'
export { contextChars } from './detectors/introduced.ts'
export { maskInPlace, type InPlaceMethod } from './methods.ts'
export { replacementOf, type InPlace } from './replacement.ts'
export type { MaskRequest, Replacement } from './replacer.ts'
export type { ElementType, ValueType } from './types.ts'
export { valueText } from './value-text.ts'
export { streamMasker, type StreamMasker } from './stream/stream-masker.ts'
export { contentMasker, type ContentMasker } from './content/content-masker.ts'
export { deltasOf, type Delta, type DeltaEvent } from './content/deltas.ts'
export { EventLines, type EventLine, type RawEvent } from './content/event-lines.ts'
export { recognisedBytesMax } from './content/limits.ts'
export { compilePath, type Path } from './content/path.ts'
export { Recognition, type Hiding, type RecognisedRule } from './content/recognition.ts'
export {
  distinctRules,
  InvalidMask,
  type ContentRules,
  type DetectorRule,
  type MaskedPiece,
  type PathRule,
} from './content/rules.ts'
export { codingsOf, decoder, type Coding, type CodingLimits, type Decoder } from './content/coding.ts'
export { Encoder } from './content/encoder.ts'
