/** A way around a policy over SSH. The numbers are those of the adversarial catalogue. */
export interface SshCase {
  readonly id: string
  readonly title: string
  readonly stake: string
  readonly attacks: readonly SshAttack[]
}

/** What an attacker finds at the host, each the path of a file. */
export interface Host {
  /** Nobody may read it: it holds `secretText`. */
  readonly secret: string
  /** Made by what may not run. */
  readonly mark: string
  /** Anybody may read it; people are in it. */
  readonly people: string
  /** A folder of the attacker's own. */
  readonly folder: string
  /** Where the server itself listens. */
  readonly port: number
}

interface Seen {
  readonly name: string
  /**
   * How it is seen to succeed without Sluice: the mark is there, the secret is printed, somebody's number is printed, or the
   * server is reached by another way. Through Sluice nothing of that is seen.
   */
  readonly shows: 'mark' | 'secret' | 'person' | 'way'
  /** It is no refusal: what is shown is masked. */
  readonly masked?: true
}

export interface Command extends Seen {
  readonly kind: 'exec'
  readonly command: (at: Host) => string
  /** On its standard input; `MARK` is the path of the mark. */
  readonly input?: string
}

/** Lines for a shell, or for OpenSSH's sftp. */
export interface Lines extends Seen {
  readonly kind: 'shell' | 'sftp'
  readonly lines: (at: Host) => readonly string[]
}

/** Further arguments for OpenSSH's client, and what is run with them. */
export interface Client extends Seen {
  readonly kind: 'ssh'
  readonly args: (at: Host) => readonly string[]
  readonly command: string | null
}

export type SshAttack = Command | Lines | Client

export const secretText = 'the-secret-of-the-house'
export const personText = '536-22-8726'
