import {
  controlStream,
  GenerationCache,
  limits,
  type Clock,
  type EventData,
  type EventStore,
  type Identity,
  type Ids,
  type NewEvent,
  type Position,
  type RecordedEvent,
} from '@sluice/core'
import {
  finding,
  PolicyError,
  sourcesOf,
  type Bundle,
  type Cause,
  type Diagnostic,
  type InForce,
  type Sources,
} from '@sluice/policy'

export interface PolicyLogPorts {
  readonly store: Pick<EventStore, 'append' | 'read'>
  readonly clock: Clock
  readonly ids: Ids
  /** Others write to it too: whoever follows it hands in everything in its order, what is appended here included. */
  readonly shared?: boolean
}

/** A revision as the log tells of it. */
export interface KnownRevision {
  readonly revision: string
  readonly time: number
  readonly by: string
  readonly reason: string
}

interface Known extends KnownRevision {
  /** Its event is the first of this revision after here. */
  readonly after: Position | undefined
}

/** Who puts a revision of the log in force over the files, and which files these are. */
export interface Precedence {
  readonly identity: Identity
  readonly reason: string
  readonly requested: string
  readonly over: string
}

type Body = Pick<NewEvent, 'type' | 'data'>

const activate = 'policy.activate'
/** Neither can be a subject id, which names its issuer. */
const byFiles = 'file'
const byGateway = 'gateway'

/**
 * The policies of the log: which there were, which is in force and since whom, which files could not be used. Folded
 * from the control stream at the start, and from what is appended here afterwards.
 */
export class PolicyLog {
  readonly #ports: PolicyLogPorts
  /** In the order in which they came into force the last time. */
  readonly #known = new Map<string, Known>()
  /** Bundles at hand, as in the log. */
  readonly #bundles = new GenerationCache<string>(limits.policySourcesMax, limits.policySourcesCharsMax)
  #active: { readonly revision: string; readonly bundle: string } | null = null
  #over: string | null = null
  #rejected: { readonly time: number; readonly errors: string } | null = null
  /** Nothing came into force since files could not be used. */
  #isRejection = false
  #position: Position | undefined
  /** Events that are being appended and were not handed in yet. */
  readonly #own = new Set<string>()

  constructor(ports: PolicyLogPorts) {
    this.#ports = ports
  }

  /** Folds one event of the control stream, in order. */
  take(event: RecordedEvent): void {
    this.#own.delete(event.id)
    if (event.type !== 'Unknown') this.#fold(event)
    this.#position = event.position
  }

  /** What was in force last; null in a new log. */
  get inForce(): InForce | null {
    if (this.#active === null) return null
    const { revision, bundle } = this.#active
    return { revision, sources: sourcesIn(bundle), over: this.#over }
  }

  get rejected(): { readonly time: number; readonly errors: string } | null {
    return this.#rejected
  }

  /** Of the last event that was handed in. */
  get position(): Position | undefined {
    return this.#position
  }

  /** Newest first. */
  revisions(): readonly KnownRevision[] {
    return [...this.#known.values()]
      .map(({ revision, time, by, reason }) => ({ revision, time, by, reason }))
      .toReversed()
  }

  /** What a revision was made from; null when the log does not hold it. */
  async sources(revision: string): Promise<Sources | null> {
    const known = this.#known.get(revision)
    if (known === undefined) return null
    const atHand = this.#bundles.get(revision)
    if (atHand !== undefined) return sourcesIn(atHand)
    for await (const event of this.#ports.store.read(known.after, controlStream))
      if (event.type === 'PolicyActivated' && event.sig !== null && event.data.revision === revision)
        return sourcesIn(event.data.bundle)
    return null
  }

  /** Resolves once it is durable. */
  async activated(bundle: Bundle, cause: Cause): Promise<void> {
    const files = cause === 'files'
    await this.#append(
      comesIntoForce(
        bundle,
        files ? byFiles : byGateway,
        files ? 'the policy folder' : 'compiled by another version',
      ),
    )
  }

  /** The same by a person, over the files. */
  async activatedBy(bundle: Bundle, { identity, reason, requested, over }: Precedence): Promise<void> {
    const acted = adminActed(identity, requested, 'done', { files: over, revision: bundle.revision })
    await this.#append(acted, comesIntoForce(bundle, identity.subject.id, reason))
  }

  /** Somebody asked for a revision that cannot be used. */
  async notActivated(identity: Identity, requested: string, reason: string): Promise<void> {
    await this.#append(adminActed(identity, requested, 'failed', { reason }))
  }

  /** Once until something comes into force, also over restarts, unless other files fail in another way. */
  async filesNotUsed(errors: string): Promise<void> {
    if (this.#isRejection && this.#rejected?.errors === errors) return
    await this.#append({ type: 'PolicyRejected', data: { errors, by: byFiles } })
  }

  /** What the log says last cannot be in force at this gateway; others may say the same of themselves. */
  async notFollowed(errors: string): Promise<void> {
    await this.#append({ type: 'PolicyRejected', data: { errors, by: byGateway } })
  }

  /** This gateway judges by a revision that the log had before. */
  async followed(revision: string): Promise<void> {
    await this.#append({ type: 'PolicyFollowed', data: { revision } })
  }

  async #append(...bodies: readonly [Body, ...Body[]]): Promise<void> {
    const { store, clock, ids } = this.#ports
    const [first, ...rest] = bodies.map(
      (body) => ({ ...body, id: ids.next('evt'), time: clock.now() }) as NewEvent,
    )
    if (first === undefined) return
    const events = [first, ...rest] as const
    for (const { id } of events) this.#own.add(id)
    try {
      const position = await store.append(
        { stream: controlStream, events },
        { withinMs: limits.appendWaitMs, urgency: 'now' },
      )
      // Who follows may have read it, and what came after it, before it was acknowledged.
      for (const event of events) if (this.#own.has(event.id)) this.#fold(event)
      if (this.#ports.shared !== true) this.#position = position
    } finally {
      for (const { id } of events) this.#own.delete(id)
    }
  }

  #fold(event: Pick<NewEvent, 'type' | 'data' | 'time'> | RecordedEvent): void {
    const body = event as NewEvent
    switch (body.type) {
      case 'AdminActed':
        if (body.data.action === activate && body.data.outcome === 'done')
          this.#over = filesIn(body.data.details)
        break
      case 'PolicyActivated':
        if (this.#isNext(body.data)) this.#inForce(body.data, body.time)
        break
      case 'PolicyRejected':
        // Of what another gateway cannot use, the files here know nothing.
        if (body.data.by === byGateway) break
        this.#rejected = { time: body.time, errors: body.data.errors }
        this.#isRejection = true
        break
      default:
    }
  }

  /** What a start compiled again never takes the place of what came into force meanwhile. */
  #isNext({ by, bundle }: EventData['PolicyActivated']): boolean {
    if (this.#ports.shared !== true || by !== byGateway || this.#active === null) return true
    return JSON.stringify(sourcesIn(bundle)) === JSON.stringify(sourcesIn(this.#active.bundle))
  }

  #inForce(data: EventData['PolicyActivated'], time: number): void {
    const { revision, by, reason, bundle } = data
    if (by === byFiles) this.#over = null
    this.#isRejection = false
    this.#active = { revision, bundle }
    this.#bundles.set(revision, bundle, bundle.length)
    const after = this.#known.get(revision)?.after ?? this.#position
    this.#known.delete(revision)
    this.#known.set(revision, { revision, time, by, reason, after })
    const [oldest] = this.#known.keys()
    if (this.#known.size > limits.policyRevisionsMax && oldest !== undefined) this.#known.delete(oldest)
  }
}

/** Throws `PolicyError` for a bundle that no record has room for: a log that was given one would try it for ever. */
function comesIntoForce({ revision, compiler, files }: Bundle, by: string, reason: string): Body {
  const bundle = JSON.stringify(files)
  const bytes = Buffer.byteLength(bundle)
  if (bytes > limits.policyBundleBytesMax) throw new PolicyError([tooLarge(bytes)])
  return { type: 'PolicyActivated', data: { revision, compiler, bundle, by, reason } }
}

function tooLarge(bytes: number): Diagnostic {
  const message = `these policies are ${bytes} bytes in the log, where at most ${limits.policyBundleBytesMax} have room`
  return finding('size', '', message)
}

function adminActed(
  { subject, tokenId }: Identity,
  resource: string,
  outcome: EventData['AdminActed']['outcome'],
  details: Readonly<Record<string, string>>,
): Body {
  const { id, type, issuer, groups, on_behalf_of } = subject
  const by = { id, type, issuer, groups, on_behalf_of }
  const data = {
    by,
    token_id: tokenId,
    action: activate,
    resource,
    outcome,
    details: JSON.stringify(details),
  }
  return { type: 'AdminActed', data }
}

function sourcesIn(bundle: string): Sources {
  return sourcesOf(JSON.parse(bundle) as Bundle['files'])
}

/** The details of an activation are ours, and signed. */
function filesIn(details: string): string {
  return (JSON.parse(details) as { readonly files: string }).files
}
