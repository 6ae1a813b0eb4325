import type { Action } from '@sluice/core'
import type { SessionEffect, Statement } from '../statement.ts'
import type { Findings } from './findings.ts'
import type { Label } from './label.ts'
import type { Template } from './template.ts'

/** The finished description of one statement. */
export function statementOf(
  { name, kind }: Label,
  effect: SessionEffect,
  template: Template,
  found: Findings,
  effectFree: boolean = false,
): Statement {
  const action: Action = {
    name,
    kind,
    read_only: found.readOnly,
    prepare: false,
    template_hash: template.hash,
    relations: found.relations(),
    functions: [...found.functions].toSorted(),
    objects: [...found.objects].toSorted(),
    has_where: found.hasWhere,
    parameters: template.literals,
  }
  return frozen({
    action: frozen(action),
    uses: found.uses(),
    derived: [...found.derived.values()],
    namesakes: [...found.namesakes.values()],
    touched: [...found.touched.values()],
    computed: found.computed,
    outputs: found.outputs,
    explains: found.explains,
    effectFree,
    lingers: found.lingers,
    effect,
    ...(found.atCursor ? { atCursor: true } : {}),
    ...(found.settings.length === 0 ? {} : { settings: [...found.settings] }),
  })
}

/** The same object serves every execution of its text, and what remembers its parts by identity must know that. */
export function frozen<T extends object>(record: T): T {
  if (Object.isFrozen(record)) return record
  Object.freeze(record)
  for (const value of Object.values(record as Record<string, unknown>))
    if (typeof value === 'object' && value !== null) frozen(value)
  return record
}
