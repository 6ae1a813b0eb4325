import { Refused, Stop, unreached, type Finding, type Reach, type StopReason } from '@sluice/core'
import type { HttpSettings } from './target.ts'
import { Upstream } from './upstream.ts'
import { newPseudonym } from './via.ts'

const answerMs = 10_000

/** Asks for the root of the target with its credential, which changes nothing (RFC 9110 §9.2.1). Never rejects. */
export async function probe(reach: Reach<HttpSettings>): Promise<readonly Finding[]> {
  const { target, dial } = reach
  const upstream = new Upstream(target, () => dial(), newPseudonym())
  try {
    const { authentication } = target.settings
    const credential = authentication.kind === 'none' ? null : await reach.credential()
    return [encrypted(target.settings), answered(await statusOf(upstream, credential), target.settings)]
  } catch (error) {
    return [refused(error)]
  } finally {
    await upstream.close()
  }
}

async function statusOf(upstream: Upstream, credential: Parameters<Upstream['send']>[1]): Promise<number> {
  const stop = new Stop<StopReason>()
  const timer = setTimeout(() => stop.request('limit'), answerMs)
  const request = {
    method: 'GET',
    path: '/',
    query: '',
    headers: [['accept', '*/*']],
    body: Buffer.alloc(0),
  } as const
  try {
    for await (const reply of upstream.send(request, credential, () => {}, stop))
      if (reply.kind === 'head') return reply.status
    throw new Error('an answer begins with its head')
  } finally {
    clearTimeout(timer)
  }
}

function encrypted({ tls }: HttpSettings): Finding {
  if (tls === 'verify-full') return { state: 'good', about: 'TLS', detail: 'verified' }
  return {
    state: 'advice',
    about: 'TLS',
    detail:
      'Nothing is encrypted (tls: disable): whoever is in between reads and changes it, credential included.',
    remedy: 'Use the target’s port for TLS, and leave tls away (tls_ca for an authority of your own).',
  }
}

function answered(status: number, { authentication: { kind } }: HttpSettings): Finding {
  const about = 'login'
  if (status === 401 || status === 407)
    return {
      state: 'bad',
      about,
      detail: `It answers HTTP ${status}: it does not accept the credential that it is shown as ${kind}.`,
      remedy:
        'Compare the secret with the one at the target, and authentication with what its documentation asks for.',
    }
  if (status === 403)
    return {
      state: 'advice',
      about,
      detail: 'It answers HTTP 403 at its root: it knows the credential, or does not tell strangers apart.',
      remedy:
        'Ask for a path that applications use; if that is 403 as well, give the credential’s owner the rights for it.',
    }
  if (status >= 500)
    return {
      state: 'advice',
      about,
      detail: `It answers HTTP ${status} at its root: whether it accepts the credential is not known.`,
      remedy: 'Look at the target’s own log.',
    }
  return { state: 'good', about, detail: `it answers HTTP ${status} at its root` }
}

function refused(error: unknown): Finding {
  if (error instanceof Refused && error.refusal.code === 'cancelled')
    return {
      state: 'bad',
      about: 'connection',
      detail: `It did not answer a request within ${answerMs / 1000} s.`,
      remedy: 'Another program may listen there, or it waits for something else: try its address with curl.',
    }
  return unreached(error)
}
