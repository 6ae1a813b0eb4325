// All of the core is more than what each command that asks the API needs.
import { isLoopback } from '@sluice/core/addresses'
import { UsageError } from './command.ts'

/** The URL of an API that gets the token of whoever asks: away from this machine nobody may read it. Throws `UsageError`. */
export function apiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const near =
    url !== null && (url.hostname === 'localhost' || isLoopback(url.hostname.replace(/^\[|\]$/g, '')))
  if (url === null || (url.protocol !== 'https:' && !(url.protocol === 'http:' && near)))
    throw new UsageError('SLUICE_URL must be https, or http on this machine: tokens are sent there')
  return text
}
