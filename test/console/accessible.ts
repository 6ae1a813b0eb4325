import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')

interface Violation {
  readonly id: string
  readonly impact: string
  readonly help: string
  readonly nodes: readonly { readonly html: string }[]
}

/** No rule of axe that is serious or critical is broken on a page. */
export async function assertAccessible(page: Page): Promise<void> {
  // The page's policy admits no such script; the test puts it there as a developer would.
  const has = await page.evaluate(() => 'axe' in globalThis)
  if (!has) await page.evaluate(await readFile(axe, 'utf8'))
  const found = await page.evaluate<readonly Violation[]>(
    'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)',
  )
  const serious = found.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  const told = serious.map(
    ({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(({ html }) => `  ${html}`).join('\n')}`,
  )
  assert.equal(told.length, 0, `${page.url()}\n${told.join('\n')}`)
}
