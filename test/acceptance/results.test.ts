import { after } from 'node:test'
import { psqlCases } from './clients/psql.ts'
import { openStage } from './stage.ts'
import { assertSame, transcribe } from './transcript.ts'

/**
 * Where nothing is masked, psql prints through Sluice what it prints at the server itself, to the byte. Drivers are held
 * to the same in `drivers/`.
 */
const stage = await openStage()
after(() => stage[Symbol.asyncDispose]())

await stage.reset()
const direct = await transcribe(psqlCases, stage.direct)
await stage.reset()
assertSame(direct, await transcribe(psqlCases, await stage.through('langchain-reporting')))
