import { contentMasker } from '@sluice/masking'
import { refusal, Refused, type Lane, type Obliged, type Refusal, type Verdict } from '@sluice/core'
import type { Client, ClientChannel } from 'ssh2'
import { handOver, type Caller } from './hand-over.ts'
import { oblige, type Means } from './obligations.ts'
import { refuse, said } from './refuse.ts'
import type { FilePlan } from './sftp/file-exchange.ts'
import { SftpChannel } from './sftp/sftp-channel.ts'
import { lost } from './upstream.ts'

/** Each is a protocol of its own that somebody would have to read. */
export const notServed: Refusal = refusal(
  'denied',
  'ssh/subsystem',
  'This subsystem is not served here: run a command instead, or use SFTP.',
)

export interface SftpService {
  readonly caller: Caller
  readonly login: string
  readonly means: Means
  readonly lane: () => Lane
  readonly upstream: () => Promise<Client>
}

/** SFTP on the channel of a caller. */
export function serveSftp({ caller, login, means, lane, upstream }: SftpService): SftpChannel {
  return new SftpChannel({
    login,
    lane,
    masking: { oblige: (verdicts) => filePlan(verdicts, means) },
    start: async () => started(await upstream()),
    input: caller.channel,
    write: (bytes) => handOver({ kind: 'stdout', bytes }, caller),
    tell: (text) => handOver(said(text, '\n'), caller),
    over: (error) => {
      const replies =
        error === undefined
          ? [{ kind: 'exit', status: 0 } as const]
          : refuse(error instanceof Refused ? error.refusal : lost)
      for (const reply of replies) void handOver(reply, caller)
    },
  })
}

/** What is hidden in what a command writes is hidden in a file that is read. */
function filePlan(verdicts: readonly Verdict[], means: Means): Obliged<FilePlan> {
  const obliged = oblige(verdicts, null, means)
  if (obliged.kind === 'refused') return obliged
  const { plan } = obliged
  return {
    kind: 'plan',
    plan: { masker: plan === null ? null : () => contentMasker('text/plain', plan.rules, means.pseudonyms) },
  }
}

function started(client: Client): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.subsys('sftp', (error, channel) => {
      if (error === undefined) resolve(channel)
      else reject(new Refused(noSftp, { cause: error }))
    })
  })
}

const noSftp: Refusal = refusal('target_unreachable', 'ssh/sftp', 'The target does not offer SFTP.')
