import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { assertAccessible } from './accessible.ts'
import { assertQuiet, openConsoleStage, run, type ConsoleStage } from './stage.ts'

/** The console in a real browser, against a gateway that really runs, with people who really sign in. */
const stage: ConsoleStage = await openConsoleStage()
after(() => stage[Symbol.asyncDispose]())

suite('a person decides', () => {
  test('approves what is held by two keys, and it goes on', async () => {
    await using bob = await stage.person('bob', '/approvals')
    const client = await stage.client('langchain-reporting', 'nightly \u202e cleanup')
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
    await assertAccessible(page)
    await page.keyboard.press('a')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Enter')
    assert.deepEqual((await resumed).rows, [{ id: '17' }])
    await page.getByText('used', { exact: true }).waitFor()
    await client.end()
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
    for (const { page } of [bob, carol]) await page.getByText('sql.update').first().click()
    await carol.page.getByText('0 of 2 approvals').waitFor()
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
    for (const key of ['a', 'a', 'Enter']) {
      await page.keyboard.press(key)
      await page
        .getByText(/^(?:0 of 2 approvals|Approve this request\?|1 of 2 approvals)$/)
        .first()
        .waitFor()
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

/** Catalogue case A12, and what C24 has for values. */
const hostile = [
  `<img src=x onerror="document.title='hit'">`,
  '<script>document.title="hit"</script>',
  'javascript:document.title="hit"',
  '\u202egnirts desrever',
  '\u001b]52;c;ZXZpbA==\u0007\u001b[31m',
  '=HYPERLINK("http://evil.example","x")',
]

suite('a recording', () => {
  test('is shown with rows masked, rule and place in the chain; what is hostile in it is inert', async () => {
    const client = await stage.client('langchain-reporting', '<b>agent</b>')
    await client.query('select id, name, ssn from customers order by id limit 3')
    await client.query(
      `select $1::text as "<b onclick=alert(1)>", $2 as two, $3 as three, $4 as four, $5 as five, $6 as six`,
      hostile,
    )
    await assert.rejects(client.query('drop table customers'))
    await using erin = await stage.person('erin', '/sessions')
    const { page } = erin
    await page.getByRole('row').filter({ hasText: '<b>agent</b>' }).getByRole('link').first().click()
    await page.getByText('***-**-').first().waitFor()
    const recording = page.getByRole('region', { name: 'Recording' })
    await recording.getByText('console/drop').waitFor()
    // What is out of sight is not laid out, and so has no inner text.
    const shown = (await recording.textContent()) ?? ''
    for (const part of [
      'console/read',
      'masked public.customers.ssn (last4, 3×)',
      'DROP is not allowed.',
      'RLO',
      'ESC',
      '<img src=x',
    ])
      assert.ok(shown.includes(part), `${part} in\n${shown}`)
    assert.match(shown, /#\d+ [0-9a-f]{8}/)
    assert.equal(
      await recording.locator('img, script, [onclick], iframe, object, a[href^="javascript"]').count(),
      0,
    )
    assert.equal(await page.title(), 'Sluice')
    await assertAccessible(page)
    // What happens now appears by itself.
    await client.query('select 4711 as live')
    await recording.getByText('4711').first().waitFor()
    await recording.getByRole('button', { name: 'Play' }).click()
    assertQuiet(erin)
    await client.end()
  })

  test('of HTTP has the body and the stream of events', async () => {
    const { url, headers } = await stage.gateway.door('langchain-reporting', 'shop-api')
    const named = { ...headers, 'x-sluice-run-id': run }
    await (await fetch(`${url}/customers?limit=1`, { headers: named })).text()
    await (await fetch(`${url}/events`, { headers: named })).text()
    await using erin = await stage.person('erin', '/exchanges?target=shop-api')
    const { page } = erin
    await page.getByRole('link', { name: 'http.get /events' }).click()
    const recording = page.getByRole('region', { name: 'Recording' })
    await recording.getByText('paid:').first().waitFor()
    await recording.getByText('"customers"').first().waitFor()
    await page.goto(`${stage.url}/runs/${run}`)
    const timeline = page.getByRole('region', { name: 'Timeline' })
    await timeline.getByRole('link', { name: 'shop-api', exact: true }).waitFor()
    await timeline.getByRole('link', { name: 'shop', exact: true }).first().waitFor()
    assertQuiet(erin)
  })
})

suite('who looks', () => {
  test('finds by what was decided, and the search is in the address', async () => {
    await using erin = await stage.person('erin', '/exchanges')
    const { page } = erin
    await page.getByRole('searchbox').fill('console/drop')
    await page.waitForURL(/text=console%2Fdrop/)
    await page.getByRole('row').filter({ hasText: 'denied' }).first().waitFor()
    assert.equal(await page.getByRole('row').filter({ hasText: 'console/read' }).count(), 0)
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

suite('who is to change policies', () => {
  test('sees mistakes in their place, and what would have been decided otherwise', async () => {
    const client = await stage.client('langchain-reporting')
    await assert.rejects(client.query('drop table customers'))
    await client.end()
    await using carol = await stage.person('carol', '/policies')
    const { page } = carol
    const files = page.getByRole('region', { name: 'Files' })
    await files.getByText('package').first().waitFor()
    await files.getByRole('button', { name: 'Edit' }).click()
    const editor = files.getByRole('textbox', { name: 'console.rego' })
    const whole = await editor.inputValue()
    await editor.fill(
      whole.replace('package sluice.rules.console', 'package sluice.rules.console\n\nallow contains'),
    )
    await files.getByRole('button', { name: 'Check' }).click()
    await files
      .getByRole('alert')
      .getByText(/console\.rego:\d+:\d+/)
      .first()
      .waitFor()
    const allowing =
      'allow contains {"rule": "console/dropped", "message": "For once."} if sql.statement == "sql.ddl"'
    await editor.fill(whole.replace(/^deny contains .*$/m, allowing))
    await files.getByRole('button', { name: 'Judge again' }).click()
    // It compiles first.
    await files.getByText(/decisions? would change\./).waitFor({ timeout: 40_000 })
    await files
      .getByRole('region', { name: 'What would change' })
      .getByText('console/dropped')
      .first()
      .waitFor()
    await assertAccessible(page)
    assertQuiet(carol)
  })
})
