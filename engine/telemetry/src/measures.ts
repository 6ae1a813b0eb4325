import type { Counter, Histogram, Meter } from '@opentelemetry/api'
import type { Outcome, Passed, Station, Telemetry } from '@sluice/core'
import type { Rules } from './rules.ts'

/** What became of policies that changed. */
export type Reload = 'active' | 'rejected' | 'failed'

/** In seconds: of what runs in the gateway, and of what waits for a target or for people. */
const quick = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
const slow = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const patient = [1, 5, 15, 30, 60, 120, 300, 600, 1_800, 3_600]

/** Counts and times of what exchanges went through. Labels are names of the configuration, or of closed lists. */
export class Measures implements Telemetry {
  readonly #rules: Rules
  readonly #exchanges: Counter
  readonly #verdicts: Counter
  readonly #refusals: Counter
  readonly #reloads: Counter
  readonly #exchangeSeconds: Histogram
  readonly #stationSeconds: Readonly<Partial<Record<Station, Histogram>>>

  constructor(meter: Meter, rules: Rules) {
    this.#rules = rules
    const count = (name: string, description: string): Counter => meter.createCounter(name, { description })
    this.#exchanges = count('sluice_exchanges_total', 'Exchanges that are over.')
    this.#verdicts = count('sluice_verdicts_total', 'Verdicts by the rule that settled them.')
    this.#refusals = count('sluice_refusals_total', 'Exchanges that were refused or cut, by why.')
    this.#reloads = count('sluice_policy_reloads_total', 'Changes of the policies, by what became of them.')
    this.#exchangeSeconds = seconds(meter, 'sluice_exchange_seconds', 'Whole exchanges.', slow)
    this.#stationSeconds = {
      evaluate: seconds(meter, 'sluice_judge_seconds', 'Evaluation of the policy for one exchange.', quick),
      append: seconds(meter, 'sluice_append_seconds', 'Until a decision is durable.', quick),
      hold: seconds(meter, 'sluice_hold_seconds', 'Waits for people.', patient),
      upstream: seconds(meter, 'sluice_upstream_seconds', 'Until the first of the answer.', slow),
    }
  }

  passed(passage: Passed, outcome: Outcome['outcome']): void {
    const { stays, judgements, refusal } = passage
    const { protocol, target } = passage.of
    const effect = judgements[0]?.effect ?? 'none'
    this.#exchanges.add(1, { protocol, target, effect, outcome })
    for (const judgement of judgements)
      this.#verdicts.add(1, { effect: judgement.effect, rule: this.#rules.name(judgement.rule) })
    if (refusal !== null) this.#refusals.add(1, { code: refusal })
    const [first, last] = [stays[0], stays.at(-1)]
    if (first === undefined || last === undefined) return
    this.#exchangeSeconds.record((last.toMs - first.fromMs) / 1_000, { protocol, target })
    for (const { station, fromMs, toMs } of stays)
      this.#stationSeconds[station]?.record((toMs - fromMs) / 1_000, { target })
  }

  reloaded(outcome: Reload): void {
    this.#reloads.add(1, { outcome })
  }
}

function seconds(meter: Meter, name: string, description: string, buckets: readonly number[]): Histogram {
  const advice = { explicitBucketBoundaries: [...buckets] }
  return meter.createHistogram(name, { description, unit: 's', advice })
}
