/** What the control stream says of agents, by which targets in private networks are reached. */
export interface AgentEventData {
  /** Somebody may enrol one agent under a name, once, with a secret that only they hold. */
  readonly AgentInvited: {
    /** The id that it will have. */
    readonly agent: string
    /** By which targets say `via`; several agents may have the same. */
    readonly name: string
    /** SHA-256 of the secret, hexadecimal. */
    readonly secret: string
    readonly expires_ms: number
    /** A subject id. */
    readonly by: string
  }
  /** An agent has shown the secret of its invitation. Of several the first in the order of the log counts. */
  readonly AgentEnrolled: {
    readonly agent: string
    readonly name: string
    /** SHA-256, hexadecimal, of the key that it made and keeps. */
    readonly public_key: string
    readonly client_ip: string
  }
  /** An agent has a connection to the gateway that writes this. */
  readonly AgentJoined: {
    readonly agent: string
    readonly name: string
    readonly connection: string
    /** As it says. */
    readonly version: string
    readonly client_ip: string
    /** What it lets through, as it says. */
    readonly allows: readonly string[]
  }
  /** The connection is over. */
  readonly AgentLeft: {
    readonly agent: string
    readonly name: string
    readonly connection: string
    readonly reason: string
  }
  /** An agent or its invitation is good for nothing any more. */
  readonly AgentRemoved: {
    readonly agent: string
    readonly name: string
    /** A subject id. */
    readonly by: string
    readonly reason: string
  }
}
