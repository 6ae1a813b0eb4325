import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Account } from './postgres-account.ts'
import { folderName, serverEnvironment } from './postgres-cluster.ts'

export interface ServerProcess {
  /** Fast shutdown: ends sessions, writes a checkpoint, exits. */
  stop(): Promise<void>
}

/**
 * The server dies with us, also when we are killed: then our end of the pipe closes, `read` returns, and the shell
 * asks the server to shut down. (A background job of a shell reads nothing from its standard input: hence 3.)
 */
const supervisor = `
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{ read -r _ <&3; kill -INT "$server"; } 2>/dev/null &
watcher=$!
exec 3<&-
wait "$server"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`

const stopWaitMs = 10_000

/** Starts the program and resolves once it accepts connections; rejects with its own words when it does not. */
export async function startServer(
  program: string,
  folder: string,
  settings: Readonly<Record<string, string>>,
  account: Account | null,
  log: (line: string) => void,
): Promise<ServerProcess> {
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const command = [program, '-D', folderName(folder, account), ...options]
  const child = spawn('/bin/sh', ['-c', supervisor, 'sluice-postgres', ...command], {
    ...account,
    cwd: folder,
    env: serverEnvironment,
    // A session of its own: an interrupt typed at the terminal is the gateway's to handle, in its order.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  child.stdin.on('error', () => log('PostgreSQL had ended before it was stopped'))
  const exited = once(child, 'exit')
  const ready = Promise.withResolvers<void>()
  const said: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    log(line)
    if (said.length < 20) said.push(line)
    if (line.includes('database system is ready to accept connections')) ready.resolve()
  })
  const failed = exited.then(() => {
    throw new Error(`PostgreSQL did not start:\n${said.join('\n')}`)
  })
  await Promise.race([ready.promise, failed])
  return {
    async stop() {
      child.stdin.end()
      const kill = setTimeout(
        () => child.pid !== undefined && process.kill(-child.pid, 'SIGQUIT'),
        stopWaitMs,
      )
      await exited
      clearTimeout(kill)
    },
  }
}
