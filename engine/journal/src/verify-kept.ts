import type { Disk } from './disk.ts'
import type { Boundary, Finding } from './inspector.ts'
import { readCheckpoints, type KeptCheckpoints } from './kept-checkpoints.ts'
import { readSegmentHeader, segmentHeaderBytes, segmentName, segmentNumber } from './segment.ts'
import { embeddedLog, type Statement } from './statement.ts'

/** How far the log went, as a file elsewhere says. */
export interface KeptBoundary extends Boundary {
  /** The file, for people. */
  readonly by: string
}

/** The newest that each file says: it covers those before it. And what is wrong with the files. */
export async function keptBoundaries(
  disk: Pick<Disk, 'list' | 'read'>,
  kept: readonly KeptCheckpoints[],
): Promise<{ readonly boundaries: readonly KeptBoundary[]; readonly findings: readonly Finding[] }> {
  const boundaries: KeptBoundary[] = []
  const findings: Finding[] = []
  const publicKey = kept.length === 0 ? null : await publicKeyOf(disk)
  for (const each of kept) {
    let newest: Statement | undefined
    const take = (statement: Statement): void => {
      if (newest === undefined || statement.number > newest.number) newest = statement
    }
    findings.push(...(await readCheckpoints(each, { log: embeddedLog, publicKey, take })))
    for (const { events, link } of newest?.heads ?? [])
      boundaries.push({ events, link: Buffer.from(link, 'hex'), by: each.name })
  }
  return { boundaries, findings }
}

export function isAt({ events, link }: Boundary, at: Boundary | null): boolean {
  return at?.events === events && Buffer.compare(at.link, link) === 0
}

/** As the first segment that is there names it; whether the others do is looked at with them. */
async function publicKeyOf(disk: Pick<Disk, 'list' | 'read'>): Promise<Uint8Array | null> {
  const numbers = (await disk.list()).map(segmentNumber).filter((number) => number !== null)
  if (numbers.length === 0) return null
  const bytes = Buffer.alloc(segmentHeaderBytes)
  await disk.read(segmentName(Math.min(...numbers)), 0, bytes)
  const header = readSegmentHeader(bytes)
  return typeof header === 'string' ? null : header.publicKey
}
