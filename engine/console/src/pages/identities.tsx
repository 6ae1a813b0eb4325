import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { countText } from '../amount-text.ts'
import { get } from '../api/client.ts'
import type { IssuerState } from '../api/operations.ts'
import type { Meaning } from '../meaning.ts'
import { Copy } from '../views/copy.tsx'
import { Empty } from '../views/empty.tsx'
import { ExportList } from '../views/export.tsx'
import { Facts } from '../views/facts.tsx'
import { Shown, useLive } from '../views/resource.tsx'
import { Ago, Badge, Exact } from '../views/texts.tsx'
import { Revocations } from './identity-revocations.tsx'
import { Subjects } from './identity-subjects.tsx'

const everyMs = 10_000

/** Who vouches for callers, who was seen, and whose tokens count no more. */
export function Identities(): JSX.Element {
  const [revoked, setRevoked] = useState(0)
  const issuers = useLive((signal) => get<readonly IssuerState[]>('/v1/issuers', {}, signal), [], everyMs)
  return (
    <>
      <div class="head">
        <h1>Identities</h1>
        <p>
          Callers are who a token of one of these providers says; nobody is taken at their own word. Counts
          are those of this gateway since its start.
        </p>
      </div>
      <div class="stack">
        <Shown of={issuers}>{(found) => <Issuers issuers={found} />}</Shown>
        <Subjects revoked={() => setRevoked(revoked + 1)} />
        <Revocations key={revoked} />
      </div>
    </>
  )
}

const columns = ['name', 'kind', 'issuer', 'audience', 'accepted', 'refused', 'last_refusal', 'keys'] as const

function Issuers({ issuers }: { readonly issuers: readonly IssuerState[] }): JSX.Element {
  if (issuers.length === 0)
    return (
      <section class="card">
        <Empty icon="key" title="Nobody vouches for anybody" command={teaching}>
          Without an issuer no token is good. Name your identity provider in the configuration:
        </Empty>
      </section>
    )
  return (
    <section aria-label="Providers">
      <ul class="tiles wide-tiles">
        {issuers.map((issuer) => (
          <li class="card" key={issuer.name}>
            <Issuer issuer={issuer} />
          </li>
        ))}
      </ul>
      <div class="row list-foot">
        <span class="end row">
          <ExportList name="issuers" columns={columns} lines={issuers} />
        </span>
      </div>
    </section>
  )
}

const teaching =
  'identity:\n  issuers:\n    - name: okta\n      kind: oidc\n      issuer: https://example.okta.com\n      audience: sluice'

function standing({ keys }: IssuerState): readonly [Meaning, string] {
  if (keys === null) return ['allow', 'keys are configured']
  if (keys.trouble !== null) return ['deny', 'keys cannot be read']
  return keys.read_at === null ? ['none', 'nobody asked yet'] : ['allow', 'keys are there']
}

function Issuer({ issuer }: { readonly issuer: IssuerState }): JSX.Element {
  const { name, kind, issuer: url, audience, keys, groups_claim, mappings } = issuer
  const { accepted, accepted_at, refused, last_refusal, refusals } = issuer
  const [meaning, text] = standing(issuer)
  return (
    <>
      <header>
        <h2>
          <Exact text={name} />
        </h2>
        <span class="quiet">{kind === 'saml' ? 'SAML' : 'OpenID'}</span>
        <span class="end">
          <Badge meaning={meaning}>{text}</Badge>
        </span>
      </header>
      <div class="card-body stack-s">
        <p class="row id-row">
          <span class="mono small breakable">
            <Exact text={url} />
          </span>
          <Copy text={url} label="Copy the issuer" />
        </p>
        <Facts
          of={[
            ...(keys === null
              ? []
              : ([
                  [
                    'Keys',
                    keys.read_at === null ? (
                      'not read yet'
                    ) : (
                      <>
                        {keys.count}, read <Ago at={keys.read_at} />
                      </>
                    ),
                  ],
                ] as const)),
            ['Audience', <Exact text={audience} />],
            [
              'Groups',
              groups_claim === null
                ? `by ${mappings} mappings`
                : `from ${groups_claim}${mappings > 0 ? `, ${mappings} mappings` : ''}`,
            ],
            [
              'Accepted',
              <>
                <b class="number">{countText(accepted)}</b>
                {accepted_at === null ? null : (
                  <span class="quiet small">
                    {' '}
                    <Ago at={accepted_at} />
                  </span>
                )}
              </>,
            ],
            [
              'Refused',
              <>
                <b class={refused > 0 ? 'number denied' : 'number'}>{countText(refused)}</b>
                {last_refusal === null ? null : (
                  <span class="quiet small">
                    {' '}
                    <Ago at={last_refusal.at} />
                  </span>
                )}
              </>,
            ],
          ]}
        />
        {keys?.trouble == null ? null : (
          <p class="note deny">
            <Exact text={keys.trouble} />
          </p>
        )}
        {refusals.length === 0 ? null : (
          <p class="row small">
            <span class="quiet">Refused for</span>
            {refusals.map(({ rule, count }) => (
              <a
                class="rule"
                key={rule}
                href={`/audit?types=AuthenticationFailed,LoginsRefused&text=${encodeURIComponent(rule)}`}
              >
                {rule.replace('identity/', '')} {countText(count)}×
              </a>
            ))}
          </p>
        )}
      </div>
    </>
  )
}
