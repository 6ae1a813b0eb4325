import type { JSX } from 'preact'
import { get } from '../api/client.ts'
import type { TargetLine } from '../api/shapes.ts'
import { Empty } from '../views/empty.tsx'
import { Shown, useResource } from '../views/resource.tsx'
import { Badge } from '../views/texts.tsx'

/** What applications can reach. */
export function Targets(): JSX.Element {
  const targets = useResource((signal) => get<readonly TargetLine[]>('/v1/targets', {}, signal), [])
  return (
    <>
      <div class="head">
        <h1>Targets</h1>
        <p>
          What can be named in a connection string. Addresses and credentials are never shown; applications do
          not have them either.
        </p>
      </div>
      <Shown of={targets}>
        {(lines) =>
          lines.length === 0 ? (
            <section class="card">
              <Empty
                icon="targets"
                title="No target yet"
                command={
                  'targets:\n  - name: reporting\n    protocol: postgres\n    address: db.internal:5432'
                }
              >
                A target is a database, an HTTP API or a host that the gateway stands in front of. Name one in
                the configuration:
              </Empty>
            </section>
          ) : (
            <ul class="tiles">
              {lines.map(({ name, protocol, labels, served }) => (
                <li class="card tile" key={name}>
                  <header>
                    <h2>
                      <a href={`/exchanges?target=${encodeURIComponent(name)}`}>{name}</a>
                    </h2>
                    <span class="end">
                      <Badge meaning={served ? 'allow' : 'none'}>
                        {served ? 'served here' : 'at another gateway'}
                      </Badge>
                    </span>
                  </header>
                  <div class="card-body stack-s">
                    <p class="quiet">{protocol}</p>
                    <p class="row">
                      {Object.entries(labels).map(([label, value]) => (
                        <span class="badge bare" key={label}>
                          {label}: {value}
                        </span>
                      ))}
                    </p>
                    <p class="row small">
                      <a href={`/sessions?target=${encodeURIComponent(name)}`}>Sessions</a>
                      <a href={`/exchanges?target=${encodeURIComponent(name)}&effect=deny`}>Denied</a>
                    </p>
                  </div>
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
    </>
  )
}
