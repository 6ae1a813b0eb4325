import { readFile } from 'node:fs/promises'

/** Whom a process runs as. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/**
 * PostgreSQL refuses to run as root, so for root this is an account of the machine without rights: `postgres` when
 * there is one, else `nobody`. `null` for everybody else, who runs it as they are.
 */
export async function serverAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  const accounts = new Map<string, Account>()
  for (const line of (await readFile('/etc/passwd', 'utf8')).split('\n')) {
    const [name, , uid, gid] = line.split(':')
    if (name !== undefined && Number(uid) > 0) accounts.set(name, { uid: Number(uid), gid: Number(gid) })
  }
  const account = accounts.get('postgres') ?? accounts.get('nobody') ?? accounts.values().next().value
  if (account === undefined)
    throw new Error('PostgreSQL does not run as root, and this machine has no other account')
  return account
}
