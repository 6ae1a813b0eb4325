import { systemClock } from '@sluice/core'
import { connectApi } from '../../client.ts'
import type { ExitCode, Io } from '../../command.ts'
import { instantMs } from '../../instant.ts'
import { progressOn } from '../../progress.ts'
import { remoteLog } from '../../remote-log.ts'
import { reportedTypes, Reporting } from '../../report/audit-report.ts'
import { reportText } from '../../report/report-text.ts'

export interface ReportOptions {
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly json: boolean
}

/** Reads the log from its beginning, as an auditor: what was before the period is what is usual. */
export async function report({ since = '7d', until, json }: ReportOptions, io: Io): Promise<ExitCode> {
  const now = systemClock.now()
  const untilMs = until === undefined ? now : instantMs(until, now)
  const reporting = new Reporting(instantMs(since, now), untilMs)
  const client = await connectApi(io)
  let events = 0
  const tell = progressOn(io)
  for await (const event of remoteLog(client, { after: undefined, follow: false, types: reportedTypes })) {
    reporting.take(event)
    events += 1
    tell(() => `${events} events read`)
  }
  io.out(json ? `${JSON.stringify(reporting.report)}\n` : reportText(reporting.report))
  return 0
}
