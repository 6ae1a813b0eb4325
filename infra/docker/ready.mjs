/** Whether the gateway in this container wants traffic: the exit code. */
const url = process.env.SLUICE_READY_URL ?? 'http://127.0.0.1:7400/readyz'
const answer = await fetch(url).catch(() => null)
process.exit(answer?.ok === true ? 0 : 1)
