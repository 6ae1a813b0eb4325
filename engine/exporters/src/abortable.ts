/** The work, or an error as soon as the signal aborts; the work then goes on unobserved. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const give = (): void => reject(new Error('the gateway stops'))
  signal.addEventListener('abort', give, { once: true })
  if (signal.aborted) give()
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', give)
    work.catch(() => {})
  }
}
