/** What something says at a glance: each has a colour. */
export type Meaning = 'allow' | 'mask' | 'hold' | 'deny' | 'none'

/** What was decided on a request, and whether values were hidden from its caller. */
export function meaningOf({
  effect,
  masked,
}: {
  readonly effect: string | null
  readonly masked: number
}): Meaning {
  switch (effect) {
    case 'allow':
      return masked > 0 ? 'mask' : 'allow'
    case 'hold':
    case 'deny':
      return effect
    default:
      return 'none'
  }
}
