export { openTelemetry, type OpenedTelemetry, type TelemetryOptions } from './telemetry.ts'
export type { OtlpOptions } from './otlp.ts'
export type { Observed } from './observed.ts'
export type { Reload } from './measures.ts'
