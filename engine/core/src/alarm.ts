import type { EventData } from './events.ts'
import type { Entry, LaneContext } from './lane.ts'
import { actionsText } from './record.ts'
import { alarmLabel, type Verdict } from './verdict.ts'

/** The alarms of an allowing decision; almost always none. */
export function alarmsOf(verdicts: readonly Verdict[]): readonly string[] {
  return verdicts.flatMap(({ labels }) => labels[alarmLabel] ?? [])
}

/** What the control stream must hold before an alarmed request is performed. */
export function alarmRecord<Up, Down, Plan>(
  { id, exchange }: Pick<Entry<Up, Down, Plan>, 'id' | 'exchange'>,
  decision: string,
  alarms: readonly string[],
  lane: Pick<LaneContext, 'session' | 'subject' | 'target'>,
): EventData['AlarmRaised'] {
  return {
    session: lane.session,
    exchange: id,
    decision,
    subject: lane.subject().id,
    target: lane.target,
    alarm: [...new Set(alarms)].join(' '),
    actions: actionsText(exchange.actions, exchange.sealed),
  }
}
