/** The numbers of the adversarial catalogue that must have a case. One that has none fails the suite. */
export const due: readonly string[] = [
  ...numbers('S', '1-4 7-18 20-24 28-31 34 36 40-50'),
  ...numbers('A', '1-15'),
  ...numbers('C', '10 12-20 23-25'),
  ...numbers('M', '1-11 16 17 19 20 22-26'),
  ...numbers('T', '1-20'),
  ...numbers('U', '1-18'),
]

/** Over HTTP. */
export const dueOverHttp: readonly string[] = numbers('H', '1-36 39-42')

/** Over SSH. */
export const dueOverSsh: readonly string[] = numbers('C', '1-9 11 21 22')

function numbers(letter: string, ranges: string): readonly string[] {
  return ranges.split(' ').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => `${letter}${first + index}`)
  })
}
