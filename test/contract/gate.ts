/** What is before every write to a log under test. */
export interface Gate {
  /** From now on nothing passes, until `resume`. */
  readonly stall: () => void
  readonly resume: () => void
  /** Resolves when the next one may pass. */
  readonly passed: () => Promise<void>
}

export function gate(): Gate {
  let open = Promise.resolve()
  let release: (() => void) | undefined
  return {
    stall: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      open = promise
      release = resolve
    },
    resume: () => release?.(),
    passed: () => open,
  }
}
