import type { Source } from '../source.ts'
import { withoutBoundSecrets } from './bound.ts'
import { withoutConstants, type Searched } from './text.ts'

/** What people and the log may see of a source that holds secrets. */
export interface ClearSource extends Pick<Source, 'texts' | 'bound'> {
  /** Of the secrets, latin1: an answer must not repeat them. */
  readonly secrets: readonly string[]
}

const none: ReadonlySet<number> = new Set()

/** `undefined`: it may be seen as it is. */
export function clearOf(searched: readonly Searched[], bound: Source['bound']): ClearSource | undefined {
  const [{ text, secrets } = { text: '', secrets: undefined }, ...others] = searched
  if (secrets === undefined && others.length === 0 && bound === null) return undefined
  const stands = others.map((one) => one.secrets)
  // Its constants are the parameters of what it stands for.
  const own = stands.some((one) => (one?.parameters.size ?? 0) > 0) ? withoutConstants(text) : secrets
  const known = [own, ...stands]
  const parameters = known.every((one) => one === undefined)
    ? none
    : new Set(known.flatMap((one) => [...(one?.parameters ?? [])]))
  const values = bound === null ? undefined : withoutBoundSecrets(bound.bytes, parameters)
  if (values === undefined && known.every((one) => one === undefined)) return undefined
  return {
    texts: searched.map((one, index) => known[index]?.text ?? one.text),
    bound: bound === null || values === undefined ? bound : { ...bound, bytes: values.bytes },
    secrets: [...known.flatMap((one) => one?.values ?? []), ...(values?.values ?? [])],
  }
}
