import { availableParallelism } from 'node:os'
import { systemClock, type EventType } from '@sluice/core'
import { openBundle, readFolder, whatIf } from '@sluice/policy'
import { connectApi } from '../../client.ts'
import { UsageError, type ExitCode, type Io } from '../../command.ts'
import { instantMs } from '../../instant.ts'
import { patiently } from '../../patience.ts'
import { progressOn } from '../../progress.ts'
import { remoteLog } from '../../remote-log.ts'
import { policyCache } from './cache.ts'
import { whatIfText } from './what-if-text.ts'

export interface WhatIfCommandOptions {
  readonly policy?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly target?: string | undefined
  readonly json: boolean
}

/** What a decision is made of. */
const needed: readonly EventType[] = [
  'SessionOpened',
  'SessionExtended',
  'RequestReceived',
  'DecisionMade',
  'DenialsCounted',
  'ExchangeAbandoned',
  'SessionClosed',
]

/** Judges what the log holds once more, by the policies of a folder. Exit code 1 when any answer would change. */
export async function whatIfCommand(options: WhatIfCommandOptions, io: Io): Promise<ExitCode> {
  const { policy: folder, since, until, target, json } = options
  if (folder === undefined) throw new UsageError('name the policies: --policy <folder>')
  const now = systemClock.now()
  const sinceMs = since === undefined ? 0 : instantMs(since, now)
  const untilMs = until === undefined ? Infinity : instantMs(until, now)
  const client = await connectApi(io)
  const sources = await readFolder(folder)
  const bundle = await patiently(io, `compiling ${folder}`, openBundle(sources, await policyCache(io)))
  const events = remoteLog(client, { after: undefined, follow: false, types: needed })
  const threads = availableParallelism()
  const tell = progressOn(io)
  const progress = (decided: number): void => tell(() => `${decided} decisions judged again`)
  const report = await whatIf(events, bundle, { sinceMs, untilMs, target, threads, progress })
  io.out(json ? `${JSON.stringify(report)}\n` : whatIfText(report))
  return report.changed === 0 ? 0 : 1
}
