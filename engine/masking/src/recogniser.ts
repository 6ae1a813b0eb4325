import type { Finding } from './detectors/findings.ts'

/**
 * Finds what has no look of its own, such as names of people; it asks somebody else and takes its time. It throws
 * whenever it cannot tell: what was not searched must not pass as if nothing were in it.
 */
export interface Recogniser {
  /** `language` in two letters, e.g. `en`. In order, without overlaps. */
  recognise(text: string, language: string): Promise<readonly Finding[]>
}
