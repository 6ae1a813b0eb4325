export type { ExportableEvent, ExportedEvent, ExchangeContext, SessionContext } from './exported.ts'
export { formats, type Format, type Mapped, type Mapper } from './mapper.ts'
