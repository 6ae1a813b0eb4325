/** `above` laid over `below`: mappings are merged key by key, everything else is replaced. */
export function merged(below: unknown, above: unknown): unknown {
  if (!isMapping(below) || !isMapping(above)) return above
  const keys = new Set([...Object.keys(below), ...Object.keys(above)])
  return Object.fromEntries(
    [...keys].map((key) => [key, Object.hasOwn(above, key) ? merged(below[key], above[key]) : below[key]]),
  )
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
