import { setTimeout as sleep } from 'node:timers/promises'
import { addressText } from '@sluice/core'
import { UsageError } from '../command.ts'
import { sshCertificate, sshHostKey } from './gateway-api.ts'
import type { Place } from './listener.ts'
import type { Offer } from './offer.ts'
import { openSshFolder } from './ssh-folder.ts'
import type { TokenKeeper } from './token-keeper.ts'
import { sshVariables } from './variables.ts'

export interface SshOfferPorts {
  readonly api: string
  readonly target: string
  readonly place: Place
  readonly tokens: Pick<TokenKeeper, 'current' | 'prepare'>
}

/** A client that read the former certificate is connected after that long, and counted to the former token. */
const readMs = 100

/**
 * A key that is new, a certificate over it by each token, and the gateway's own key as the API tells it. The port alone
 * lets nobody in: SSH is between the client and the gateway, and the key is in the folder.
 */
export async function sshOffer({ api, target, place, tokens }: SshOfferPorts): Promise<Offer & Disposable> {
  if (place.kind === 'socket')
    throw new UsageError(`"${target}" speaks SSH, whose clients want a port: leave --socket out`)
  using parts = new DisposableStack()
  const folder = parts.use(await openSshFolder())
  await tokens.prepare(async (token) => {
    await folder.certify(await sshCertificate(api, token, folder.publicKey, target))
    await sleep(readMs)
  })
  await folder.configure(target, place.address, await sshHostKey(api, await tokens.current()))
  const { config, path } = folder
  const ssh = `ssh -F ${config}`
  const open = parts.move()
  return {
    url: `ssh://${target}@${addressText(place.address)}`,
    files: { ssh_config: config },
    actor: `reads ${path}`,
    examples: [
      `${ssh} ${target} uptime`,
      `scp -F ${config} ${target}:file .        (and sftp -F)`,
      `rsync -e '${ssh}' ${target}:folder .`,
      `GIT_SSH_COMMAND='${ssh}' git clone ${target}:repository`,
    ],
    variables: sshVariables(config),
    [Symbol.dispose]: () => open.dispose(),
  }
}
