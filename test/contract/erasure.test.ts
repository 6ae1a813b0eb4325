import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { systemClock, systemIds } from '@sluice/core'
import { openEmbedded, verifyLog } from '@sluice/journal'
import { erasureContract } from './erasure.contract.ts'

erasureContract('embedded', async () => {
  const root = await mkdtemp(join(tmpdir(), 'sluice-erasure-'))
  const path = join(root, 'log')
  const log = await openEmbedded({
    path,
    keys: join(root, 'keys'),
    clock: systemClock,
    ids: systemIds(systemClock),
    report: (what, error) => assert.fail(`${what}: ${String(error)}`),
  })
  return { log, verify: async () => (await verifyLog(path)).findings }
})
