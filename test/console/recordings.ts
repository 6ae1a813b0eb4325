import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { assertAccessible } from './accessible.ts'
import { assertQuiet, run, type ConsoleStage } from './stage.ts'

/** Catalogue case A12, and what C24 has for values. */
const hostile = [
  `<img src=x onerror="document.title='hit'">`,
  '<script>document.title="hit"</script>',
  'javascript:document.title="hit"',
  '\u202egnirts desrever',
  '\u001b]52;c;ZXZpbA==\u0007\u001b[31m',
  '=HYPERLINK("http://evil.example","x")',
]

/** What was recorded of each protocol, as it is seen. */
export function recordings(stage: ConsoleStage): void {
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
      // Where it stands in the chain is asked for apart.
      const denied = recording.getByRole('listitem').filter({ hasText: 'drop table customers' })
      await denied
        .getByText(/#\d+ [0-9a-f]{8}/)
        .first()
        .waitFor()
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
      // Played, the events come one after another, as they did.
      const exchange = recording.getByRole('listitem').filter({ hasText: '/events' })
      await exchange.getByText(/^completed 200:/).waitFor()
      const events = exchange.locator('pre').last()
      const count = async (): Promise<number> => (await events.textContent())?.match(/paid:/g)?.length ?? 0
      const all = await count()
      const moment = recording.getByRole('slider', { name: 'Moment of the recording' })
      const end = Number(await moment.getAttribute('max'))
      await moment.fill(String(end - 1))
      const before = await count()
      assert.ok(before > 0 && before < all, `${before} of ${all} events a moment before the end`)
      await moment.fill(String(end))
      assert.equal(await count(), all)
      await page.goto(`${stage.url}/runs/${run}`)
      const timeline = page.getByRole('region', { name: 'Timeline' })
      await timeline.getByRole('link', { name: 'shop-api', exact: true }).waitFor()
      await timeline.getByRole('link', { name: 'shop', exact: true }).first().waitFor()
      assertQuiet(erin)
    })

    test('of SSH is a terminal that plays at any speed, and only shows', async () => {
      const { status } = await stage.shell(
        'langchain-reporting',
        `printf '${terminalAttacks}'; sleep 0.4; echo second; sleep 0.4; echo third`,
      )
      assert.equal(status, 0)
      await using erin = await stage.person('erin', '/exchanges?target=host')
      const { page } = erin
      await page
        .getByRole('link', { name: /ssh\.exec/ })
        .first()
        .click()
      const terminal = page.locator('.terminal')
      const screen = terminal.getByRole('img', { name: /^Terminal:/ })
      await screen.getByText('third').waitFor()
      const shown = await screen.innerText()
      assert.match(shown, /^red link <img src=x onerror=alert\(1\)> end/)
      assert.doesNotMatch(shown, /evil|alert\(2\)|ZXZpbA/)
      assert.ok(!shown.includes('\u001b'))
      assert.equal(await terminal.locator('a, img, script').count(), 0)
      assert.equal(await page.title(), 'Sluice')
      const weight = 'getComputedStyle(document.querySelector(".terminal-screen span")).fontWeight'
      assert.equal(await page.evaluate<string>(weight), '700')
      // Seek: to the beginning, and a little further.
      const moment = terminal.getByRole('slider', { name: 'Moment of the recording' })
      await moment.fill('0')
      assert.doesNotMatch(await screen.innerText(), /second/)
      const end = Number(await moment.getAttribute('max'))
      assert.ok(end >= 800, `${end} ms`)
      await moment.fill(String(end - 1))
      assert.match(await screen.innerText(), /second/)
      assert.doesNotMatch(await screen.innerText(), /third/)
      // Played four times as fast.
      await moment.fill('0')
      await terminal.getByRole('combobox', { name: 'Speed' }).selectOption('4')
      const begun = Date.now()
      await terminal.getByRole('button', { name: 'Play' }).click()
      await screen.getByText('third').waitFor()
      assert.ok(Date.now() - begun >= end / 4 - 50, 'not all at once')
      await assertAccessible(page)
      assertQuiet(erin)
    })
  })
}

/** Catalogue case C24: a title, a clipboard, a link, a question, an image; a colour is the only thing that is done. */
const terminalAttacks = [
  String.raw`\033]0;evil\007`,
  String.raw`\033]52;c;ZXZpbA==\007`,
  String.raw`\033[1;31mred\033[0m `,
  String.raw`\033]8;;javascript:alert(2)\033\\link\033]8;;\033\\ `,
  String.raw`\033[6n\033[c\033]1337;File=inline=1:aGk=\007`,
  String.raw`<img src=x onerror=alert(1)> end\n`,
].join('')
