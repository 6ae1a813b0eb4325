import { Refused, unreached, type Finding, type Reach } from '@sluice/core'
import type { SshSettings } from './target.ts'
import { Upstream } from './upstream.ts'

/** Logs in as a session would, with the pinned host key, and runs nothing. Never rejects. */
export async function probe(reach: Reach<SshSettings>): Promise<readonly Finding[]> {
  const upstream = new Upstream(reach)
  try {
    await upstream.connect()
    return [
      { state: 'good', about: 'host key', detail: 'the one that is known' },
      { state: 'good', about: 'login', detail: `as ${await upstream.logInAs(null)}` },
    ]
  } catch (error) {
    return [refused(error)]
  } finally {
    upstream.close()
  }
}

function refused(error: unknown): Finding {
  if (!(error instanceof Refused)) return unreached(error)
  switch (error.refusal.rule) {
    case 'ssh/host_key':
      return {
        state: 'bad',
        about: 'host key',
        detail: 'It shows another host key than host_key says.',
        remedy:
          'Compare it with /etc/ssh/ssh_host_ed25519_key.pub there. Change host_key only if somebody changed the key on purpose.',
      }
    case 'ssh/credential':
      return {
        state: 'bad',
        about: 'login',
        detail: 'It does not accept the credential.',
        remedy: 'Compare user and secret with what is allowed there, e.g. in authorized_keys.',
      }
    default:
      return unreached(error)
  }
}
