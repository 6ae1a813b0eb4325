import { limits } from '@sluice/core'
import { parseObject, type JsonObject } from './strict-json.ts'

/**
 * A JSON object that an issuer publishes: bounded in time and size, never through a redirect, which could lead
 * anywhere.
 */
export async function fetchDocument(url: string): Promise<JsonObject> {
  const response = await fetch(url, {
    redirect: 'error',
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(limits.issuerAnswerMs),
  })
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body) {
    length += chunk.length
    if (length > limits.issuerAnswerBytesMax)
      throw new Error(`${url} answered more than ${limits.issuerAnswerBytesMax} bytes`)
    chunks.push(chunk)
  }
  return parseObject(Buffer.concat(chunks))
}

/** Keys read over a wire that anybody can write to prove nothing. */
export function isTrustworthyUrl(text: string): boolean {
  // A template such as Entra's /{tenantid}/ would accept every tenant of the world.
  if (!URL.canParse(text) || /[{}]/.test(text)) return false
  const { protocol, hostname, search, hash, username, password } = new URL(text)
  if (search !== '' || hash !== '' || username !== '' || password !== '') return false
  return (
    protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname))
  )
}
