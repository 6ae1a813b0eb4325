import { spawn } from 'node:child_process'
import type { Seen, Transcript } from './transcript.ts'

/** Runs a program that prints one JSON line for each case. Throws, with what it said beside, when it fails. */
export async function runScript(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Transcript> {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output: Buffer[] = []
  const complaints: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0)
    throw new Error(
      `${program} ${args.join(' ')} ended with ${code}: ${Buffer.concat(complaints).toString().slice(-4000)}`,
    )
  return parsed(Buffer.concat(output).toString())
}

function parsed(lines: string): Transcript {
  return new Map(
    lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const { case: name, ...seen } = JSON.parse(line) as { readonly case: string } & Seen
        return [name, seen] as const
      }),
  )
}
