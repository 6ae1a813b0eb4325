import type { Json } from '@sluice/core'
import type { Mapper } from '../mapper.ts'
import { known, outlineOf, unexported } from './outline.ts'

/** The event's own field names, with what its session and exchange are. */
export const json: Mapper = {
  format: 'json',
  map(of) {
    const { event } = of
    if (unexported.has(event.type)) return null
    const o = outlineOf(of)
    return {
      id: event.id,
      timeMs: event.time,
      body: known({
        event_id: event.id,
        type: event.type,
        time: new Date(event.time).toISOString(),
        stream: event.stream,
        seq: event.seq,
        gateway: event.writer,
        epoch: event.epoch,
        trace_id: event.trace_id,
        run_id: event.run_id,
        session_id: o.session,
        subject: o.subject?.id ?? null,
        groups: o.subject?.groups ?? [],
        on_behalf_of: o.subject?.on_behalf_of ?? null,
        target: o.target,
        protocol: o.protocol,
        client_ip: o.clientIp,
        application: o.application,
        exchange_id: o.exchange,
        decision_id: o.decision,
        policy_revision: o.revision,
        effect: o.effect,
        rule: o.rule,
        actions: o.operations,
        relations: o.relations,
        masked: o.masked,
        outcome: o.outcome,
        data: event.data as unknown as Json,
      }),
    }
  },
}
