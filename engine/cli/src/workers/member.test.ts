import { test } from 'node:test'
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock, systemIds } from '@sluice/core'
import { openMemory } from '@sluice/journal'
import { Member } from './member.ts'
import { channelFd, tunnelsFd, type Beginning } from './messages.ts'

test('a worker that is ended has no way to agents any more, though a process of its own lives on', async (t) => {
  const heir = `const heir = require('node:child_process').spawn('sleep', ['60'], {
    detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ignore', ${channelFd}, ${tunnelsFd}] });
    console.log(heir.pid); setInterval(() => {}, 1_000)`
  const child = spawn(process.execPath, ['-e', heir], {
    stdio: ['ignore', 'pipe', 'inherit', 'ignore', 'pipe', 'pipe'],
  })
  const [pid] = (await once(child.stdout ?? assert.fail(), 'data')) as [Buffer]
  t.after(() => process.kill(Number(pid), 'SIGKILL'))
  const log = await openMemory({ clock: systemClock, ids: systemIds(systemClock), report: assert.ifError })
  t.after(() => log.close())
  const member = new Member({ process: child } as unknown as Worker, {} as Beginning, {
    served: { tunnels: { dial: () => assert.fail('nothing is asked for') }, isTarget: () => false },
    log,
    clock: systemClock,
    heard: () => {},
    onSession: () => {},
  })
  const ends = [channelFd, tunnelsFd].map((fd) => (child.stdio as readonly unknown[])[fd] as Socket)
  await sleep(100)
  assert.deepEqual(
    ends.map(({ destroyed }) => destroyed),
    [false, false],
  )
  member.kill()
  await member.gone
  assert.ok(process.kill(Number(pid), 0), 'its heir is there')
  assert.deepEqual(
    ends.map(({ destroyed }) => destroyed),
    [true, true],
  )
})
