import { once } from 'node:events'
import { createServer } from 'node:net'

export interface DemoPorts {
  readonly api: number
  readonly identityProvider: number
  readonly ssh: number
  /** The sample host itself. */
  readonly sshBackend: number
  readonly postgres: number
  /** PostgreSQL itself, behind the gateway. */
  readonly postgresBackend: number
  readonly http: number
  /** The sample API itself. */
  readonly httpBackend: number
  /** The language model's provider itself. */
  readonly llmBackend: number
}

const defaultBase = 7400
const offsets: DemoPorts = {
  api: 0,
  identityProvider: 1,
  ssh: 22,
  sshBackend: 23,
  postgres: 32,
  postgresBackend: 33,
  http: 80,
  httpBackend: 81,
  llmBackend: 82,
}
const lastOffset = Math.max(...Object.values(offsets))
const portMax = 65_535

/** The demo's ports from `SLUICE_PORT_BASE`. Throws when that is no usable number. */
export function demoPorts(base: string | undefined): DemoPorts {
  const first = base === undefined || base === '' ? defaultBase : Number(base)
  if (!Number.isInteger(first) || first < 1 || first + lastOffset > portMax)
    throw new Error(
      `SLUICE_PORT_BASE must be a whole number from 1 to ${portMax - lastOffset}, not "${base}"`,
    )
  return {
    api: first + offsets.api,
    identityProvider: first + offsets.identityProvider,
    ssh: first + offsets.ssh,
    sshBackend: first + offsets.sshBackend,
    postgres: first + offsets.postgres,
    postgresBackend: first + offsets.postgresBackend,
    http: first + offsets.http,
    httpBackend: first + offsets.httpBackend,
    llmBackend: first + offsets.llmBackend,
  }
}

/** Throws when something on loopback listens on one of them already. */
export async function refuseTaken(ports: readonly number[]): Promise<void> {
  const taken: number[] = []
  for (const port of ports) if (!(await isFree(port))) taken.push(port)
  if (taken.length === 0) return
  const which = taken.length === 1 ? `port ${taken.join()} is` : `ports ${taken.join(', ')} are`
  throw new Error(`${which} in use on 127.0.0.1. Take others, e.g. SLUICE_PORT_BASE=7500 npm start`)
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  try {
    await once(probe.listen(port, '127.0.0.1'), 'listening')
  } catch {
    return false
  }
  probe.close()
  await once(probe, 'close')
  return true
}
