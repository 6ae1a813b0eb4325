import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { dirname, join } from 'node:path'
import type { Page } from 'playwright-core'
import { assertQuiet, type ConsoleStage } from '../stage.ts'

const sessions = 100_000

/** How fast it is, by the browser's own clock. */
export function measured(stage: ConsoleStage): void {
  suite('how fast it is', () => {
    test('the first page is there within a second, with nothing cached', async () => {
      await using erin = await stage.person('erin')
      const times: number[] = []
      for (let round = 0; round < 5; round++) {
        await using fresh = await stage.again(erin)
        const { page } = fresh
        await page.getByRole('heading', { level: 1 }).waitFor()
        await page.getByText(/well$/).waitFor()
        times.push(await paintMs(page))
      }
      const median = times.toSorted((a, b) => a - b)[2] ?? Infinity
      console.log(`first meaningful paint ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`)
      assert.ok(median <= 1_000, `${median} ms`)
    })

    test('lists over a hundred thousand sessions are paged and scrolled smoothly', async () => {
      seed(join(dirname(stage.gateway.log), 'projections.db'))
      await using erin = await stage.person('erin', '/sessions?state=all&target=seeded')
      const { page } = erin
      await page.getByText(/of more than 10.000$/).waitFor()
      const rows = page.getByRole('region', { name: 'Sessions' }).getByRole('row')
      const first = await rows.nth(1).innerText()
      const frames = await watched(page, async () => {
        for (let turn = 0; turn < 5; turn++) {
          const before = await rows.nth(1).getByRole('link').getAttribute('href')
          await page.getByRole('button', { name: 'Next page' }).click()
          // What was listed before stays until the next page is there, with a button to the same.
          await page.locator(`a[href="${before}"]`).waitFor({ state: 'detached' })
          await page.mouse.wheel(0, 3_000)
          await page.waitForTimeout(150)
        }
        await page.mouse.wheel(0, -3_000)
      })
      assert.notEqual(await rows.nth(1).innerText(), first)
      console.log(`paging: longest frame ${frames.longest.toFixed(0)} ms, longest task ${frames.task} ms`)
      assert.ok(frames.task < 200, `a task took ${frames.task} ms`)
      const begun = performance.now()
      await page.getByRole('searchbox').fill('agent-99999')
      await page.getByText(/^1 of 1$/).waitFor()
      console.log(`search in ${sessions}: ${(performance.now() - begun).toFixed(0)} ms with typing`)
      assertQuiet(erin)
    })
  })
}

/** When what matters was last painted: the largest paint, as the browser tells it. */
async function paintMs(page: Page): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve) => {
    let latest = 0
    new PerformanceObserver((list) => {
      for (const { startTime } of list.getEntries()) latest = Math.max(latest, startTime)
    }).observe({ type: 'largest-contentful-paint', buffered: true })
    setTimeout(() => resolve(latest), 200)
  })`)
}

interface Frames {
  readonly longest: number
  /** Of the page's own work: on a busy machine a frame waits for others too. */
  readonly task: number
}

/** The longest frame, and the longest task of the page, while something goes on. */
export async function watched(page: Page, work: () => Promise<void>): Promise<Frames> {
  await page.evaluate(`(() => {
    const seen = { longest: 0, task: 0, done: false }
    globalThis.watchedFrames = seen
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) seen.task = Math.max(seen.task, duration)
    }).observe({ type: 'longtask' })
    let last = performance.now()
    requestAnimationFrame(function frame(time) {
      seen.longest = Math.max(seen.longest, time - last)
      last = time
      if (!seen.done) requestAnimationFrame(frame)
    })
  })()`)
  await work()
  return page.evaluate<Frames>('Object.assign(globalThis.watchedFrames, { done: true })')
}

/** As many sessions as the read model of a year has. */
function seed(file: string): void {
  using db = new DatabaseSync(file)
  db.exec('pragma busy_timeout = 10000')
  const insert = db.prepare(
    `insert into sessions (id, writer, epoch, state, gateway, target, protocol, subject, client_ip, application,
       opened_ms, token_id, token_expires_ms, closed_ms, requests, rows)
     values (?, 'seed', 1, 'closed', 'gw_seed', 'seeded', 'postgres', ?, '10.0.0.1', ?, ?, 't', 9, ?, ?, ?)`,
  )
  const begun = Date.now() - sessions * 1_000
  db.exec('begin immediate')
  for (let at = 0; at < sessions; at++) {
    const opened = begun + at * 1_000
    const id = `ses_${String(at).padStart(26, '0')}`
    insert.run(id, `demo#agent-${at % 200}`, `agent-${at}`, opened, opened + 500, at % 90, at % 1_000)
  }
  db.exec('commit')
}
