import { median, shuffled } from './statistics.ts'

/** What was read of one target in one round; `null` where it has nothing of the kind. */
export type Reading<Field extends string> = { readonly [Name in Field]: number | null }

/** By the names of targets. */
type Round<Field extends string> = Readonly<Record<string, Reading<Field>>>

interface Named {
  readonly name: string
}

/** Every target in each round, in shuffled order, so that whatever else the machine does falls on all of them. */
export async function inRounds<Target extends Named, Field extends string>(
  name: string,
  rounds: number,
  targets: readonly Target[],
  measure: (target: Target) => Promise<Reading<Field>>,
): Promise<Rounds<Field>> {
  const all: Round<Field>[] = []
  for (let round = 0; round < rounds; round++) {
    const readings: Record<string, Reading<Field>> = {}
    for (const target of shuffled(targets)) readings[target.name] = await measure(target)
    all.push(readings)
    process.stderr.write(`\r${name}: round ${round + 1}/${rounds} `)
  }
  process.stderr.write('\r')
  return new Rounds(all)
}

export class Rounds<Field extends string> {
  readonly all: readonly Round<Field>[]

  constructor(all: readonly Round<Field>[]) {
    this.all = all
  }

  middle(target: string, field: Field): number {
    return median(this.all.flatMap((round) => round[target]?.[field] ?? []))
  }

  /** Of one target over another of the same round; none where either has no such value. */
  ratios(target: string, field: Field, over: string): readonly number[] {
    return this.#pairs(target, field, over).map(([one, other]) => one / other)
  }

  differences(target: string, field: Field, over: string): readonly number[] {
    return this.#pairs(target, field, over).map(([one, other]) => one - other)
  }

  /** Of `direct2`, which is `direct` once more: what differs from itself by more than a tenth shows nothing. */
  validity(field: Field): { readonly valid: boolean; readonly aa: number; readonly text: string } {
    const aa = median(this.ratios('direct2', field, 'direct'))
    const valid = aa >= 0.9 && aa <= 1.1
    return { valid, aa, text: `A/A ${aa.toFixed(2)}: ${valid ? 'valid' : 'VOID, the machine is too noisy'}` }
  }

  #pairs(target: string, field: Field, over: string): readonly (readonly [number, number])[] {
    return this.all.flatMap((round) => {
      const [one, other] = [round[target]?.[field] ?? null, round[over]?.[field] ?? null]
      return one === null || other === null ? [] : [[one, other] as const]
    })
  }
}
