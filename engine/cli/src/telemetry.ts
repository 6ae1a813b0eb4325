import type { Projections } from '@sluice/projections'
import type { Clock } from '@sluice/core'
import { readSecret } from '@sluice/identity'
import type { OpenedTelemetry, OtlpOptions } from '@sluice/telemetry'
import type { OtlpConfig, TelemetryConfig } from './config/telemetry.ts'
import { pemOf } from './pem.ts'
import type { Named } from './secrets.ts'

export interface TelemetryParts extends Named {
  /** The gateway's name in the log. */
  readonly gateway: string
  readonly clock: Clock
  readonly report: (what: string, error: unknown) => void
}

/**
 * `undefined`: nothing is measured. Throws `SecretError` for what refers to nothing, so that it is found at start. The
 * parts of OpenTelemetry are large, so they are loaded only where they are used.
 */
export async function buildTelemetry(
  config: TelemetryConfig | null,
  parts: TelemetryParts,
): Promise<OpenedTelemetry | undefined> {
  if (config === null) return undefined
  const { openTelemetry } = await import('@sluice/telemetry')
  const otlp = config.otlp === null ? null : await otlpOf(config.otlp, parts)
  return openTelemetry({ otlp, prometheus: config.prometheus, ...parts })
}

async function otlpOf({ url, headers, tlsCa, sampleRatio }: OtlpConfig, source: Named): Promise<OtlpOptions> {
  const read = async (): Promise<Record<string, string>> =>
    Object.fromEntries(
      await Promise.all(
        [...headers].map(
          async ([name, reference]) => [name, await readSecret(reference, source.secrets)] as const,
        ),
      ),
    )
  await read()
  return { url, headers: read, authority: await pemOf(tlsCa, source.base), sampleRatio }
}

/** `null` before the first event. One that does not follow the log falls behind with the time. */
export function lagOf({ healthy, lagMs, foldedUpToMs }: Projections['status'], nowMs: number): number | null {
  if (foldedUpToMs === 0) return null
  return healthy ? lagMs : nowMs - foldedUpToMs
}
