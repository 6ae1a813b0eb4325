import type { Reach } from '@sluice/core'
import { catalogueQueries, loadCatalogue, type Catalogue } from './catalogue.ts'
import { estimatesQuery } from './estimates.ts'
import { inquire } from './inquiry.ts'
import type { PostgresSettings } from './target.ts'

const texts: ReadonlySet<string> = new Set([...Object.values(catalogueQueries), estimatesQuery])

/** Reads a target's names on a connection of its own. Throws when any of it cannot be read. */
export function readCatalogue(
  reach: Reach<PostgresSettings>,
  previous: Catalogue | undefined,
): Promise<Catalogue> {
  const { functions } = reach.target.settings
  return inquire(reach, 'sluice catalogue', texts, (ask) => loadCatalogue(ask, previous, functions))
}
