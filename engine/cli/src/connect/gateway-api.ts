import type { SshCertificateLine, SshKnownLine, TargetLine } from '@sluice/api'
import { Unreachable } from '../command.ts'
import { nearest } from '../config/nearest.ts'

const answerMs = 10_000

/** The one of that name. Throws with what there is instead. */
export async function findTarget(api: string, token: string, name: string): Promise<TargetLine> {
  const response = await asked(api, '/v1/targets', token)
  const targets = (await response.json()) as readonly TargetLine[]
  const found = targets.find((target) => target.name === name)
  if (found?.served === true) return found
  if (found !== undefined)
    throw new Error(`target "${name}" is served by another gateway than ${api}: set SLUICE_URL to that one`)
  const near = nearest(
    name,
    targets.map((target) => target.name),
  )
  throw new Error(
    `no target "${name}"${near === null ? '' : `, did you mean "${near}"?`} List them with: sluice targets ls`,
  )
}

/** Whatever lives by the former token goes on by the current one. What has ended meanwhile needs nothing. */
export async function carryOn(api: string, former: string, current: string): Promise<void> {
  try {
    const response = await asked(api, '/v1/sessions/token', current, { replaces: former })
    await response.body?.cancel()
  } catch (error) {
    if (!(error instanceof Answered && error.title === 'token_expired')) throw error
  }
}

/** Over this key and for this target alone, as long as the token lives: the line of a -cert.pub file. */
export async function sshCertificate(
  api: string,
  token: string,
  publicKey: string,
  target: string,
): Promise<string> {
  const response = await asked(api, '/v1/ssh/certificate', token, {
    public_key: publicKey,
    targets: [target],
  })
  return ((await response.json()) as SshCertificateLine).certificate
}

/** By what clients know the gateway: what stands behind its name in `known_hosts`. */
export async function sshHostKey(api: string, token: string): Promise<string> {
  const response = await asked(api, '/v1/ssh/known', token)
  return ((await response.json()) as SshKnownLine).host_key
}

/** Rejects with `Unreachable` where the same may be asked again. */
async function asked(api: string, path: string, token: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` }
  const sent =
    body === undefined
      ? { headers }
      : {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }
  let response: Response
  try {
    response = await fetch(new URL(path, api), {
      ...sent,
      signal: AbortSignal.timeout(answerMs),
      redirect: 'error',
    })
  } catch (error) {
    throw new Unreachable(`no gateway answers at ${new URL(api).origin}: is it running?`, { cause: error })
  }
  if (response.ok) return response
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; title?: string }
  const what = `${path} answered ${response.status}: ${problem.detail ?? response.statusText}`
  if (response.status >= 500 || response.status === 429) throw new Unreachable(what)
  throw new Answered(what, problem.title ?? '')
}

class Answered extends Error {
  readonly title: string
  constructor(what: string, title: string) {
    super(what)
    this.title = title
  }
}
