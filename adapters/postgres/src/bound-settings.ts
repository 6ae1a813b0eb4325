import { refusalOf, type Json, type Refusal } from '@sluice/core'
import type { BoundSetting, Statement } from './statement.ts'
import { closedRefusal } from './walk/objection.ts'
import { checkValue, configuredPath, searchPath } from './walk/setting.ts'

/**
 * A statement that sets what its parameters name, once their values are known: each is judged like a SET of it. `schemas`:
 * those of the target, which a search_path may name.
 */
export function withSettings(
  { settings = [], ...statement }: Statement,
  values: readonly Json[],
  schemas: readonly string[],
): Statement | Refusal {
  let { effect, lingers } = statement
  try {
    for (const setting of settings) {
      const name = values[setting.name - 1]
      if (typeof name !== 'string') return unreadable
      const value = valueOf(setting, values)
      if (name.toLowerCase() === searchPath)
        effect = configuredPath(value, setting.local, setting.alone, schemas)
      else checkValue(name, value)
      // A server makes it up when it hears of one that it does not know, and never forgets it.
      lingers ||= name.includes('.')
    }
  } catch (error) {
    return refusalOf(error)
  }
  return { ...statement, effect, lingers }
}

/** `null`: not known. */
function valueOf({ value }: BoundSetting, values: readonly Json[]): string | null {
  const given = typeof value === 'number' ? values[value - 1] : value
  return typeof given === 'string' ? given : null
}

const unreadable = closedRefusal('set_config of a parameter that is not given as a text')

/** Where parameters have no values that the gateway sees, as those of EXECUTE. */
export const unboundSettings: Refusal = closedRefusal(
  'set_config of a parameter that is no value of this message',
)
