import type { ConfigDocument, Located, Path } from './document.ts'
import { isMapping, merged } from './merged.ts'

/**
 * A file laid over a configuration that is known to be good: its targets are added, one of the same name replaces
 * the other, and any other key is replaced. Every problem is therefore the file's, and named by its lines.
 */
export function overlay(document: ConfigDocument, below: unknown): Located {
  const above = document.value ?? {}
  const own = targetsOf(above)
  const names = new Set(own.map(nameOf))
  const kept = targetsOf(below).filter((target) => !names.has(nameOf(target)))
  const value = merged(below, above)
  const written = (path: Path): Path => {
    const [key, index, ...rest] = path
    return key === 'targets' && typeof index === 'number' ? [key, index - kept.length, ...rest] : path
  }
  return {
    value: addsTargets(above) && isMapping(value) ? { ...value, targets: [...kept, ...own] } : value,
    written,
    problem: (path, message, hint) => document.problem(written(path), message, hint),
  }
}

/** Whether `targets` is absent or a list; anything else stays for the schema to complain of. */
function addsTargets(config: unknown): boolean {
  return isMapping(config) && (config['targets'] === undefined || Array.isArray(config['targets']))
}

function targetsOf(config: unknown): readonly unknown[] {
  return isMapping(config) && Array.isArray(config['targets']) ? config['targets'] : []
}

function nameOf(target: unknown): unknown {
  return isMapping(target) ? target['name'] : undefined
}
