import type { Adapter } from '@sluice/core'
import { http } from '@sluice/http'
import { postgres } from '@sluice/postgres'
import { ssh } from '@sluice/ssh'

/** Every protocol that Sluice speaks. A new one is a folder under `adapters/` and a line here. */
export const adapters: readonly Adapter[] = [postgres, http, ssh]
