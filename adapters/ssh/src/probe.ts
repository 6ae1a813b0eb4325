import { Refused, unreached, type Finding, type Reach } from '@sluice/core'
import type { SshSettings } from './target.ts'
import { Upstream } from './upstream.ts'

/** Logs in as a session would, with the pinned host key, and runs nothing. Never rejects. */
export async function probe(reach: Reach<SshSettings>): Promise<readonly Finding[]> {
  const upstream = new Upstream(reach, `probe of ${reach.target.name}`)
  try {
    await upstream.connect()
    return [
      { state: 'good', about: 'host key', detail: known(reach.target.settings) },
      { state: 'good', about: 'login', detail: `as ${await upstream.logInAs(null)}` },
    ]
  } catch (error) {
    return [refused(error)]
  } finally {
    upstream.close()
  }
}

function known({ host_ca }: SshSettings): string {
  return host_ca.length === 0 ? 'the one that is known' : 'known, or certified by who is known'
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
    case 'ssh/host_certificate':
      return {
        state: 'bad',
        about: 'host key',
        detail: error.refusal.message.replace(/ Nothing was sent.*/, ''),
        remedy:
          'Compare host_ca and host_name with `ssh-keygen -L -f` of the file that HostCertificate names there.',
      }
    case 'ssh/credential_unusable':
      return {
        state: 'bad',
        about: 'login',
        detail: 'The private key of its credential cannot be read, or its certificate is not over that key.',
        remedy: 'Compare `ssh-keygen -y -f` of the key with `ssh-keygen -L -f` of the certificate.',
      }
    case 'ssh/credential':
      return {
        state: 'bad',
        about: 'login',
        detail: 'It does not accept the credential.',
        remedy:
          'Compare user and secret with what is allowed there, e.g. in authorized_keys, or for certificates TrustedUserCAKeys and the clocks.',
      }
    default:
      return unreached(error)
  }
}
