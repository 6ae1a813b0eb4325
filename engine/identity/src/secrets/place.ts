import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { limits } from '@sluice/core'
import { nameOf, SecretError, type LocalReference } from './reference.ts'

/** What references to this machine are resolved against; read by the command line only. */
export interface SecretPlace {
  /** Relative files start here. */
  readonly base: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Reads a secret of this machine anew. One line break at a file's end does not belong to it. */
export async function readPlace(
  reference: LocalReference | { readonly literal: string },
  { base, env }: SecretPlace,
): Promise<string> {
  if ('literal' in reference) return usable(reference.literal, nameOf(reference))
  if ('env' in reference) return usable(env[reference.env], nameOf(reference))
  const path = resolve(base, reference.file)
  return usable((await readBounded(path)).replace(/\r?\n$/, ''), path)
}

/** What a secret can be: some text, not too long, which ends nowhere before its end. */
export function usable(text: string | undefined, name: string): string {
  if (text === undefined || text === '') throw new SecretError(`${name} is empty or not set`)
  if (text.includes('\0')) throw new SecretError(`${name} holds a zero byte`)
  if (Buffer.byteLength(text) > limits.secretBytesMax)
    throw new SecretError(`${name} is longer than ${limits.secretBytesMax} bytes`)
  return text
}

async function readBounded(path: string): Promise<string> {
  try {
    await using file = await open(path, 'r')
    const bytes = Buffer.alloc(limits.secretBytesMax + 1)
    let length = 0
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      ({ bytesRead: read } = await file.read(bytes, length, bytes.length - length))
    if (length > limits.secretBytesMax)
      throw new SecretError(`${path} is longer than ${limits.secretBytesMax} bytes`)
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length))
  } catch (error) {
    if (error instanceof SecretError) throw error
    throw new SecretError(`${path} cannot be read`, { cause: error })
  }
}
