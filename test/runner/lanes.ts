/** How many suites run beside each other, and what of them cannot. */
export interface Laned {
  /** Why nothing may run beside it; it is beside others when this is not given. */
  readonly alone?: string
}

/**
 * Runs each job once, so many at a time, in the order of the list: whichever lane is free takes the next one. Those that have
 * to be alone come last, one after another. The results are in the order of the list. Rejects when a run does.
 */
export async function inLanes<Job extends Laned, Result>(
  jobs: readonly Job[],
  lanes: number,
  run: (job: Job) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Map<Job, Result>()
  const drain = async (queue: Job[]): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) results.set(job, await run(job))
  }
  const beside = jobs.filter(({ alone }) => alone === undefined)
  await Promise.all(Array.from({ length: lanes }, () => drain(beside)))
  await drain(jobs.filter(({ alone }) => alone !== undefined))
  return jobs.flatMap((job) => {
    const result = results.get(job)
    return result === undefined ? [] : [result]
  })
}
