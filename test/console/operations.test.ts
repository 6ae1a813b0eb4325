import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { assertAccessible } from './accessible.ts'
import { assertQuiet, openConsoleStage, type ConsoleStage } from './stage.ts'

/** What keeps a gateway running, in a real browser: targets, agents, identities, access, exports, and whether the record is whole. */
const stage: ConsoleStage = await openConsoleStage({
  agents: '127.0.0.1:0',
  exporters: {
    archive: { format: 'json', sink: 'file', path: 'out.jsonl' },
    siem: { format: 'ocsf', sink: 'http', url: 'http://127.0.0.1:9/events' },
  },
  log: { kind: 'embedded', checkpoints: [{ file: 'kept.jsonl' }] },
})
after(() => stage[Symbol.asyncDispose]())

const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true })

// They wait for pages and polls far more than they work.
suite('what is operated', { concurrency: 3 }, () => {
  test('targets are tried, added by a form that says at each field what is wrong, used and removed', async () => {
    const { host, port, user, database, password } = stage.backend
    await using carol = await stage.person('carol', '/targets')
    const { page } = carol
    await page.getByRole('row').filter({ hasText: 'not tried yet' }).first().waitFor()
    await page.getByRole('link', { name: 'shop', exact: true }).click()
    await region(page, 'Connection').getByText(`${host}:${port}`).waitFor()
    await page.keyboard.press('t')
    await region(page, 'Connection').getByText(`database ${database}`).waitFor()
    assert.ok(!(await page.content()).includes(password), 'no secret is on the page')
    await assertAccessible(page)

    await page.goto(`${stage.url}/targets`)
    await page.getByRole('searchbox').waitFor()
    await page.keyboard.press('n')
    await page.getByLabel('Name', { exact: true }).fill('Not A Name')
    await page.getByLabel('Address').fill(`${host}:${port}`)
    await page.getByLabel('Database').fill(database)
    await page.getByLabel('Encryption').selectOption('disable')
    await page.getByLabel('User').fill(user)
    await page.getByLabel('Named').fill('PATH')
    await page.getByRole('button', { name: 'Test and add' }).click()
    const name = page.getByLabel('Name', { exact: true })
    await page.locator('[aria-invalid=true]').first().waitFor()
    assert.equal(await name.getAttribute('aria-invalid'), 'true')
    await name.fill('added')
    await page.getByRole('button', { name: 'Test and add' }).click()
    await page.getByText(/at a place that api.target_secrets does not list/).waitFor()
    assert.equal(await page.getByLabel('Named').getAttribute('aria-invalid'), 'true')
    await assertAccessible(page)
    await page.getByLabel('Named').fill('SLUICE_TARGET_SHOP')
    await page.getByLabel('Address').fill(`${host}:9`)
    await page.getByRole('button', { name: 'Test and add' }).click()
    await page.getByText('Sessions at this target would fail. Nothing was added.').waitFor()
    await page.getByText(/Nothing listens there/).waitFor()
    await page.getByLabel('Address').fill(`${host}:${port}`)
    await page.getByRole('button', { name: 'Test and add' }).click()
    await page.getByRole('heading', { name: 'added' }).waitFor()
    await region(page, 'What holds here').getByText('environment variable SLUICE_TARGET_SHOP').waitFor()
    await page.getByRole('button', { name: 'Remove' }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Remove/ })
      .click()
    await page.waitForURL(`${stage.url}/targets`)
    await page.getByRole('row').filter({ hasText: 'shop-api' }).waitFor()
    await page.getByRole('link', { name: 'added', exact: true }).waitFor({ state: 'detached' })
    const types = (await stage.gateway.events()).map(({ type }) => type)
    assert.ok(types.includes('TargetRemoved'))
    assert.ok(types.includes('TargetRegistered'))
    // A browser says so of answers that say no.
    assert.deepEqual(
      carol.complaints.filter((said) => !/status of (400|409)/.test(said)),
      [],
    )
  })

  test('targets are shown without addresses to who only uses them, and nobody else adds one', async () => {
    await using alice = await stage.person('alice', '/targets', { phone: true })
    const { page } = alice
    await page.getByRole('link', { name: 'shop', exact: true }).waitFor()
    assert.equal(await page.getByText(String(stage.backend.port)).count(), 0)
    assert.equal(await page.getByRole('link', { name: 'Add a target' }).count(), 0)
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('link', { name: 'Access', exact: true }).click()
    await page.getByRole('heading', { name: 'Access', exact: true }).waitFor()
    const csrf = `fetch('/v1/targets', {
      method: 'POST',
      body: JSON.stringify({ target: { name: 'x' } }),
      headers: { 'content-type': 'application/json' },
    }).then(({ status }) => status)`
    assert.ok([401, 403].includes(await page.evaluate<number>(csrf)))
  })

  test('agents are let in by a token that is shown once, and removed', async () => {
    await using carol = await stage.person('carol', '/agents')
    const { page } = carol
    await page.getByRole('heading', { name: 'No agent has enrolled' }).waitFor()
    await page.keyboard.press('n')
    await page.getByLabel('Name', { exact: true }).fill('vpc')
    await page.getByRole('button', { name: 'Make a token' }).click()
    const shown = page.locator('.token code')
    const token = await shown.innerText()
    assert.match(token, /^slua_agt_/)
    await page
      .getByRole('dialog')
      .getByText(/sluice agent --gateway/)
      .waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'I have it' }).click()
    await shown.waitFor({ state: 'detached' })
    const card = region(page, 'vpc')
    await card.getByText('invited', { exact: true }).waitFor()
    assert.ok(!(await page.content()).includes(token), 'it is nowhere any more')
    await card.getByRole('button', { name: 'Remove' }).click()
    await page.getByLabel('Reason').fill('not needed')
    await page.keyboard.press('Enter')
    await card.waitFor({ state: 'detached' })
    assertQuiet(carol)
  })

  test('somebody whose token leaked is revoked with a reason, and what lives by it ends', async () => {
    const client = await stage.client('langchain-reporting', 'leaked')
    const ended = new Promise((resolve) => client.once('end', resolve))
    await using carol = await stage.person('carol', '/identities')
    const { page } = carol
    await region(page, 'Providers').getByText('keys are there').waitFor()
    const row = page.getByRole('row').filter({ hasText: 'langchain-reporting' })
    await row.first().waitFor()
    await assertAccessible(page)
    await row.getByRole('button', { name: /^Revoke the token of/ }).click()
    const verb = page.getByRole('dialog').getByRole('button', { name: /^Revoke/ })
    assert.equal(await verb.isDisabled(), true, 'a reason is needed')
    await page.getByLabel('Reason').fill('=cmd|it leaked')
    await page.keyboard.press('Enter')
    await ended
    await region(page, 'Revoked').getByText('=cmd|it leaked').waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      region(page, 'Revoked').getByRole('button', { name: 'CSV' }).click(),
    ])
    assert.match(await readFile(await download.path(), 'utf8'), /"'=cmd\|it leaked"/)
    assertQuiet(carol)
  })

  test('access is asked for by one, given by another, and ended', async () => {
    await using alice = await stage.person('alice', '/access')
    await using bob = await stage.person('bob', '/access')
    await alice.page.keyboard.press('n')
    await alice.page.getByLabel('Target').selectOption('shop')
    await alice.page.getByLabel('Reason').fill('a customer asked')
    await alice.page.getByRole('button', { name: 'Ask', exact: true }).click()
    const line = (page: Page) => page.getByRole('listitem').filter({ hasText: 'a customer asked' })
    await line(alice.page).getByText('requested').waitFor()
    await bob.page.getByRole('button', { name: 'Give' }).click()
    await bob.page.getByRole('dialog').getByRole('button', { name: /^Give/ }).click()
    await line(bob.page).getByText('given', { exact: true }).waitFor()
    await line(alice.page).getByText('given', { exact: true }).waitFor()
    await assertAccessible(alice.page)
    await line(alice.page).getByRole('button', { name: 'End it' }).click()
    await alice.page.getByLabel('Reason').fill('done')
    await alice.page.keyboard.press('Enter')
    await alice.page.getByRole('heading', { name: /No access/ }).waitFor()
    assertQuiet(alice, bob)
  })

  test('the record is verified in the background for an auditor, and its places are told', async () => {
    await using erin = await stage.person('erin', '/audit')
    const { page } = erin
    const card = region(page, 'Verification')
    await card.getByText('not verified since the start').waitFor()
    await card.getByText('kept.jsonl').waitFor()
    await page.keyboard.press('v')
    await card.getByText('whole', { exact: true }).waitFor()
    await card.getByText(/events in/).waitFor()
    await assertAccessible(page)
    // As fast as somebody types: the second one counts for a second.
    await Promise.all([page.keyboard.press('g'), page.keyboard.press('x')])
    const archive = page.getByRole('listitem').filter({ hasText: 'archive' })
    await archive.getByText('up to date').waitFor()
    const siem = page.getByRole('listitem').filter({ hasText: 'siem' })
    await siem.getByText('nothing arrives').waitFor()
    await siem.getByText(/ECONNREFUSED/).waitFor()
    await assertAccessible(page)
    assertQuiet(erin)
  })
})
