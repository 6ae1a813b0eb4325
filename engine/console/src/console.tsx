import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import { follow, following } from './api/follow.ts'
import type { ApprovalLine } from './api/shapes.ts'
import { refreshInbox, tellApproval } from './inbox.ts'
import { place } from './location.ts'
import { tellSession } from './live-sessions.ts'
import { Access } from './pages/access.tsx'
import { Agents } from './pages/agents.tsx'
import { Approvals } from './pages/approvals.tsx'
import { Audit } from './pages/audit.tsx'
import { Exchanges } from './pages/exchanges.tsx'
import { Exporters } from './pages/exporters.tsx'
import { Home } from './pages/home.tsx'
import { Identities } from './pages/identities.tsx'
import { PolicyCan } from './pages/policy-can.tsx'
import { Policies } from './pages/policies.tsx'
import { Run } from './pages/run.tsx'
import { Session } from './pages/session.tsx'
import { Sessions } from './pages/sessions.tsx'
import { SignIn } from './pages/sign-in.tsx'
import { Target } from './pages/target.tsx'
import { AddTarget } from './pages/target-add.tsx'
import { Targets } from './pages/targets.tsx'
import { lookWho } from './sign-in.ts'
import { Empty } from './views/empty.tsx'
import { Shown, useResource } from './views/resource.tsx'
import { Shell } from './views/shell.tsx'
import { who } from './who.ts'

/** Who is not signed in sees one page; everybody else the one that the address names. */
export function Console(): JSX.Element {
  const asked = useResource(lookWho, [])
  if (who.value.kind === 'nobody') return <SignIn />
  if (who.value.kind === 'unknown') return <Shown of={asked}>{() => null}</Shown>
  return <SignedIn />
}

/** A token is renewed by asking who this is, some minutes before it ends. */
const renewMs = 60_000

function SignedIn(): JSX.Element {
  useEffect(() => {
    const leaving = new AbortController()
    void follow({
      parameters: {},
      take: ({ event, data }) => {
        if (event === 'approval') tellApproval(JSON.parse(data) as ApprovalLine)
        if (event === 'session') tellSession()
        if (event === 'end') void lookWho().catch(() => {})
      },
      begun: () => void refreshInbox().catch(() => {}),
      state: following,
      leaving: leaving.signal,
    })
    const renewing = setInterval(() => void lookWho().catch(() => {}), renewMs)
    return () => {
      leaving.abort()
      clearInterval(renewing)
    }
  }, [])
  return (
    <Shell>
      <Page />
    </Shell>
  )
}

function Page(): JSX.Element {
  const [section = '', id] = place.value.parts
  switch (section) {
    case '':
      return <Home />
    case 'approvals':
      return <Approvals {...(id === undefined ? {} : { id })} />
    case 'sessions':
      return id === undefined ? <Sessions /> : <Session key={id} id={id} />
    case 'exchanges':
      return <Exchanges />
    case 'runs':
      return <Run key={id ?? ''} id={id ?? ''} />
    case 'policies':
      return id === 'can' ? <PolicyCan /> : <Policies />
    case 'targets':
      if (id !== undefined) return <Target key={id} name={id} />
      return place.value.query['add'] === undefined ? <Targets /> : <AddTarget />
    case 'access':
      return <Access />
    case 'agents':
      return <Agents />
    case 'identities':
      return <Identities />
    case 'exporters':
      return <Exporters />
    case 'audit':
      return <Audit />
    default:
      return (
        <Empty icon="home" title="There is no such page">
          The address may be an old one. <a href="/">Home</a> has everything else.
        </Empty>
      )
  }
}
