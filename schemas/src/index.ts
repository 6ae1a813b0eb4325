export type { AvroField, AvroRecord, AvroType } from './avro.ts'
export * from './generated/events.ts'
