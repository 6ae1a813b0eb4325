import type { Client } from '../../client.ts'
import { idBeginning, isWhole, partOfId } from '../../short-id.ts'
import { listed, lsQuery } from './ls.ts'

/** The id of the one approval that is meant. Throws when it is none, or may be several. */
export async function wholeApprovalId(given: string, client: Client): Promise<string> {
  if (isWhole('apr', given)) return given
  partOfId('apr', given)
  const lines = await listed(lsQuery({ state: 'all' }, Date.now()), client)
  return idBeginning(
    'apr',
    given,
    lines.map(({ id, state, action, subject, target }) => ({
      id,
      about: `${state}  ${action} on ${target}, asked by ${subject}`,
    })),
  )
}
