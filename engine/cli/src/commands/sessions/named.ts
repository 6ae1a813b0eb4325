import type { SessionLine, SessionPage } from '@sluice/api'
import type { Client } from '../../client.ts'
import { idBeginning, isWhole, partOfId } from '../../short-id.ts'

/** The id of the one session that is meant. Throws when it is none, or may be several. */
export async function wholeSessionId(given: string, client: Client): Promise<string> {
  if (isWhole('ses', given)) return given
  const part = partOfId('ses', given)
  const found = await client.get(`/v1/sessions/search?text=${part}&last=500`)
  const { sessions } = (await found.json()) as SessionPage
  // What was opened a moment ago is only here.
  const open = (await (await client.get('/v1/sessions')).json()) as readonly SessionLine[]
  const known = new Map([...sessions, ...open].map((session) => [session.id, about(session)]))
  return idBeginning(
    'ses',
    given,
    [...known].map(([id, text]) => ({ id, about: text })),
  )
}

function about({ subject, target, opened_at: opened, state }: SessionLine): string {
  return `${state}  ${subject} on ${target}  since ${opened.slice(0, 19).replace('T', ' ')}`
}
