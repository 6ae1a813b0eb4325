/** What a target charges for one exchange; `null` where it charges for nothing that is counted. */
export interface Usage {
  /** The model that answered, by its own words. */
  readonly model: string | null
  readonly input_tokens: number
  readonly output_tokens: number
  /** Millionths of the currency of the price list; `null` when the list does not name the model. */
  readonly cost_micros: number | null
  /** The target did not say: counted from the texts. */
  readonly estimated: boolean
}

/** As facts count it. What has no price costs nothing that could be counted. */
export function spent(usage: Usage | null): { readonly tokens: number; readonly cost_micros: number } {
  if (usage === null) return { tokens: 0, cost_micros: 0 }
  return { tokens: usage.input_tokens + usage.output_tokens, cost_micros: usage.cost_micros ?? 0 }
}
