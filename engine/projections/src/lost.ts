import type { Projection } from './projection.ts'

/** The newest incarnation of each gateway that was lost: those before it are over as well. */
export const lost: Projection = {
  name: 'lost',
  version: 1,
  tables: 'create table lost (writer text primary key, epoch integer not null) strict;',
  fold(db) {
    const keep = db.prepare(
      'insert into lost values (?, ?) on conflict do update set epoch = max(epoch, excluded.epoch)',
    )
    return {
      event(event) {
        if (event.type === 'GatewayLost') keep.run(event.data.writer, event.data.epoch)
      },
    }
  },
}
