import { readFile } from 'node:fs/promises'
import ssh2 from 'ssh2'
import type { SshDoor, SshOutcome } from '@sluice/test'

/** Many commands over one connection: a login for each would take longer than all of them. */
export class SshCommands implements Disposable {
  readonly #client: ssh2.Client

  private constructor(client: ssh2.Client) {
    this.#client = client
  }

  static async connect({ host, port, user, token, keyFile }: SshDoor): Promise<SshCommands> {
    const client = new ssh2.Client()
    const proof = keyFile === undefined ? { password: token ?? '' } : { privateKey: await readFile(keyFile) }
    await new Promise<void>((resolve, reject) => {
      client.once('ready', () => resolve()).once('error', reject)
      client.connect({ host, port, username: user, ...proof })
    })
    return new SshCommands(client)
  }

  run(command: string, input: string): Promise<SshOutcome> {
    return new Promise((resolve, reject) => {
      this.#client.exec(command, (error, channel) => {
        if (error !== undefined) return reject(error)
        let [stdout, stderr] = ['', '']
        let status: number | null = null
        channel.on('data', (bytes: Buffer) => (stdout += bytes.toString()))
        channel.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()))
        channel.on('exit', (code: number | null) => (status = code))
        channel.on('close', () => resolve({ status, stdout, stderr }))
        channel.end(input)
      })
    })
  }

  [Symbol.dispose](): void {
    this.#client.end()
  }
}
