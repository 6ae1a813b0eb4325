// All of the core is more than what each command that asks the API needs.
import { isLoopback } from '@sluice/core/addresses'
import { UsageError, type Io } from './command.ts'
import { hostOf } from './config/address.ts'
import type { DemoState } from './demo-state.ts'

/** Where the API is. */
export function apiOf(env: Io['env'], demo: Pick<DemoState, 'api'> | null): string {
  return env['SLUICE_URL'] ?? demo?.api ?? 'http://127.0.0.1:7400'
}

/** The URL of an API that gets the token of whoever asks: away from this machine nobody may read it. Throws `UsageError`. */
export function apiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const near = url !== null && (url.hostname === 'localhost' || isLoopback(hostOf(url)))
  if (url === null || (url.protocol !== 'https:' && !(url.protocol === 'http:' && near)))
    throw new UsageError('SLUICE_URL must be https, or http on this machine: tokens are sent there')
  return text
}
