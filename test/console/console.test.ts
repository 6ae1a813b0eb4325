import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { toolsOf, withDataSource } from '../acceptance/clients/langchain.ts'
import { assertAccessible } from './accessible.ts'
import { policyChanges } from './policy-pages.ts'
import { recordings } from './recordings.ts'
import { assertQuiet, openConsoleStage, run, type ConsoleStage } from './stage.ts'

/** The console in a real browser, against a gateway that really runs, with people who really sign in. */
const stage: ConsoleStage = await openConsoleStage()
after(() => stage[Symbol.asyncDispose]())

suite('a person decides', () => {
  test('approves what is held by two keys, and it goes on', async () => {
    const client = await stage.client('langchain-reporting', 'nightly \u202e cleanup')
    await client.query('select id, ssn from customers limit 1')
    await using bob = await stage.person('bob', '/approvals')
    const resumed = client.query('delete from orders where id = $1 returning id', [17])
    const { page } = bob
    await page.getByText('sql.delete').first().waitFor()
    await page.keyboard.press('j')
    await page.getByRole('heading', { name: 'sql.delete on shop' }).waitFor()
    const shown = await page.getByRole('article').innerText()
    for (const part of [
      'delete from orders where id = $1',
      '$1\t17',
      'with WHERE',
      'console/delete',
      'langchain-reporting',
      run,
    ])
      assert.ok(shown.includes(part), `${part} in\n${shown}`)
    const soFar = page.getByRole('list', { name: 'The run so far' }).getByRole('listitem')
    await soFar.filter({ hasText: 'sql.select public.customers' }).getByText('masked').waitFor()
    assert.match(await soFar.last().innerText(), /what is asked here/)
    await assertAccessible(page)
    await page.keyboard.press('a')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Enter')
    assert.deepEqual((await resumed).rows, [{ id: '17' }])
    await page.getByText('used', { exact: true }).waitFor()
    await client.end()
    assertQuiet(bob)
  })

  test('approves what a tool of LangChain waits for, and its model reads the rows', async () => {
    await using bob = await stage.person('bob', '/approvals')
    const login = await stage.gateway.login('langchain-reporting', 'shop')
    await withDataSource(login, async (source) => {
      const tools = await toolsOf(source)
      const answered = tools('query-sql', 'DELETE FROM orders WHERE id = 21 RETURNING id')
      const { page } = bob
      await page.getByText('sql.delete').first().waitFor()
      await page.keyboard.press('j')
      await page.getByRole('article').getByText('RETURNING').first().waitFor()
      await page.keyboard.press('a')
      await page.getByRole('dialog').waitFor()
      await page.keyboard.press('Enter')
      assert.equal(await answered, '[[{"id":"21"}],1]')
    })
    assertQuiet(bob)
  })

  test('rejects with a reason, which the caller is told', async () => {
    await using bob = await stage.person('bob')
    const client = await stage.client('langchain-reporting')
    const refused = assert.rejects(client.query('delete from orders where id = 18'), /rejected/)
    const { page } = bob
    await page.getByRole('heading', { name: 'One request waits for you' }).waitFor()
    await page.keyboard.press('a')
    await page.getByRole('button', { name: /^Reject/ }).click()
    const verb = page.getByRole('dialog').getByRole('button', { name: /^Reject/ })
    assert.equal(await verb.isDisabled(), true, 'a reason is needed')
    await page.getByLabel('Reason').fill('=HYPERLINK("x") <b>not today</b>')
    await verb.click()
    await refused
    await page.getByText('<b>not today</b>').first().waitFor()
    await client.end()
    assertQuiet(bob)
  })

  test('two people, two browsers: each sees the vote of the other at once', async () => {
    await using bob = await stage.person('bob', '/approvals')
    await using carol = await stage.person('carol', '/approvals', { phone: true, colours: 'dark' })
    const client = await stage.client('langchain-reporting')
    const resumed = client.query("update orders set total = total where id = 19 /* ' <script> */")
    for (const { page } of [bob, carol]) {
      await page.getByText('sql.update').first().click()
      await page.getByText('0 of 2 approvals').waitFor()
    }
    await assertAccessible(carol.page)
    await bob.page.keyboard.press('a')
    await bob.page.getByRole('dialog').waitFor()
    await bob.page.keyboard.press('Enter')
    await carol.page.getByText('1 of 2 approvals').waitFor()
    await bob.page.getByText('You have approved it. It waits for others.').waitFor()
    await carol.page.getByRole('button', { name: /^Approve/ }).click()
    await carol.page
      .getByRole('dialog')
      .getByRole('button', { name: /^Approve/ })
      .click()
    assert.equal((await resumed).rowCount, 1)
    await bob.page.getByText('2 of 2 approvals').waitFor()
    await client.end()
    assertQuiet(bob, carol)
  })

  test('who approved may think better of it', async () => {
    await using bob = await stage.person('bob', '/approvals')
    const client = await stage.client('langchain-reporting')
    const refused = assert.rejects(client.query('update orders set total = total where id = 21'), /rejected/)
    const { page } = bob
    await page.getByText('sql.update').first().waitFor()
    for (const [key, shown] of [
      ['a', '0 of 2 approvals'],
      ['a', 'Approve this request?'],
      ['Enter', '1 of 2 approvals'],
    ] as const) {
      await page.keyboard.press(key)
      await page.getByText(shown, { exact: true }).waitFor()
    }
    await page.getByText('You have approved it. It waits for others.').waitFor()
    await page.keyboard.press('r')
    await page.getByLabel('Reason').fill('on second thoughts')
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Reject/ })
      .click()
    await refused
    await client.end()
    assertQuiet(bob)
  })

  test('a caller that was told to come back is said to wait no more', async () => {
    await using bob = await stage.person('bob')
    const client = await stage.client('langchain-reporting')
    const pending = assert.rejects(
      client.query('insert into orders select * from orders where id = 22'),
      /apr_/,
    )
    const { page } = bob
    await page.getByText('caller gone').first().waitFor()
    await pending
    await page.keyboard.press('a')
    await page.getByText('Its caller was told that it is pending, and waits no more').waitFor()
    await page.keyboard.press('a')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('approved', { exact: true }).first().waitFor()
    await client.end()
    assertQuiet(bob)
  })

  test('nobody decides on their own request, and a page alone decides nothing', async () => {
    const client = await stage.client('bob')
    const held = client.query('delete from orders where id = 20').catch((error: unknown) => error)
    await using bob = await stage.person('bob', '/approvals')
    const { page } = bob
    await page.getByText('sql.delete').first().click()
    await page.getByText('Nobody may vote on their own request.').waitFor()
    await page.keyboard.press('a')
    assert.equal(await page.getByRole('dialog').count(), 0)
    // Catalogue case A11: a request without the page's secret is nobody's.
    const vote = `fetch('/v1' + location.pathname + '/votes', {
      method: 'POST',
      body: JSON.stringify({ vote: 'approve' }),
      headers: { 'content-type': 'application/json' },
    }).then(({ status }) => status)`
    const status = await page.evaluate<number>(vote)
    assert.ok(status === 401 || status === 403, String(status))
    await page.getByRole('button', { name: 'Take it back' }).click()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Take it back/ })
      .click()
    assert.match(String(await held), /cancelled|taken back/)
    await client.end()
  })
})

recordings(stage)

suite('who looks', () => {
  test('finds by what was decided, and the search is in the address', async () => {
    await using erin = await stage.person('erin', '/exchanges')
    const { page } = erin
    const readings = page.getByRole('row').filter({ hasText: 'console/read' })
    await readings.first().waitFor()
    const answered = Promise.withResolvers<void>()
    await page.route(/exchanges\?.*text=/, async (route) => {
      await answered.promise
      await route.continue()
    })
    await page.getByRole('searchbox').fill('console/drop')
    await page.waitForURL(/text=console%2Fdrop/)
    // What was listed before stays until what is asked for is there, and is not taken for it.
    await page.locator('[aria-busy=true]').filter({ has: readings.first() }).waitFor()
    answered.resolve()
    await page.locator('[aria-busy=true]').waitFor({ state: 'detached' })
    await page.getByRole('row').filter({ hasText: 'denied' }).first().waitFor()
    assert.equal(await readings.count(), 0)
    await page.reload()
    await page.getByRole('row').filter({ hasText: 'denied' }).first().waitFor()
    await page.getByRole('combobox', { name: 'Decision' }).selectOption('allow')
    await page.getByRole('heading', { name: 'Nothing found' }).waitFor()
    await assertAccessible(page)
    assertQuiet(erin)
  })

  test('ends a session, and its client is told', async () => {
    const client = await stage.client('langchain-reporting', 'to be ended')
    const ended = new Promise((resolve) => client.once('end', resolve))
    await using carol = await stage.person('carol', '/sessions')
    const { page } = carol
    await page.getByRole('row').filter({ hasText: 'langchain-reporting' }).first().waitFor()
    await page.getByRole('searchbox').fill('to be ended')
    await page.getByRole('row').filter({ hasText: 'to be ended' }).getByRole('link').first().click()
    await page.getByRole('button', { name: 'End session' }).click()
    await page.getByLabel('Reason').fill('enough')
    await page.keyboard.press('Enter')
    await ended
    await page.getByText('closed', { exact: true }).first().waitFor()
  })

  test('is asked to sign in, and nothing inline runs', async () => {
    await using erin = await stage.person('erin', '/')
    const { page } = erin
    await page.getByRole('region', { name: 'Latest requests' }).waitFor()
    await assertAccessible(page)
    const stopped = await page.evaluate<string>(`(() => {
      try {
        document.body.innerHTML = '<img src=x>'
        return 'it ran'
      } catch (error) {
        return String(error)
      }
    })()`)
    assert.match(stopped, /TrustedHTML/)
    await page.keyboard.press('?')
    await page.getByRole('dialog').getByText('Go to approvals').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('link', { name: /^Continue with/ }).waitFor()
    await assertAccessible(page)
    for (const width of [1_280, 390, 320]) {
      await page.setViewportSize({ width, height: 844 })
      const over = await page.evaluate<
        number[]
      >(`[document.documentElement, ...document.querySelectorAll('.sign-in a')]
        .map((one) => one.scrollWidth - one.clientWidth)`)
      assert.ok(
        Math.max(...over) <= 1,
        `at ${width} pixels something is wider than its place: ${over.join()}`,
      )
    }
    assert.equal((await page.request.get(`${stage.url}/v1/sessions`)).status(), 401)
  })
})

policyChanges(stage)
