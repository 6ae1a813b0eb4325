import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { limits } from '@sluice/core'

/**
 * Where a secret is. Only `literal` holds the secret itself: it is for tests and demos whose secrets protect
 * nothing, and the configuration file does not admit it.
 */
export type SecretReference =
  { readonly env: string } | { readonly file: string } | { readonly literal: string }

/** What references are resolved against; read by the command line only. */
export interface SecretSource {
  /** Relative files start here. */
  readonly base: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The secret is missing or unusable. The message names the reference, never the content. */
export class SecretError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SecretError'
  }
}

/** Reads a secret anew. One line break at its end does not belong to it. */
export async function readSecret(reference: SecretReference, source: SecretSource): Promise<string> {
  const { name, text } = await textOf(reference, source)
  if (text === undefined || text === '') throw new SecretError(`${name} is empty or not set`)
  if (text.includes('\0')) throw new SecretError(`${name} holds a zero byte`)
  return text
}

async function textOf(
  reference: SecretReference,
  { base, env }: SecretSource,
): Promise<{ readonly name: string; readonly text: string | undefined }> {
  if ('literal' in reference) return { name: 'the literal secret', text: reference.literal }
  if ('env' in reference) return { name: `environment variable ${reference.env}`, text: env[reference.env] }
  const path = resolve(base, reference.file)
  return { name: path, text: (await readBounded(path)).replace(/\r?\n$/, '') }
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
