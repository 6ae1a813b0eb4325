/** As rules are named; those that held together stand side by side. */
const form = /^[\w./ -]{1,128}$/
const rulesMax = 200

/**
 * Names of rules as they may stand in telemetry. Policies give them, and one that puts values into them would make a
 * series of each: what has not the form of a name, and what comes after the first so many, is `other`.
 */
export class Rules {
  readonly #known = new Set<string>()

  name(rule: string): string {
    if (this.#known.has(rule)) return rule
    if (this.#known.size >= rulesMax || !form.test(rule)) return 'other'
    this.#known.add(rule)
    return rule
  }
}
