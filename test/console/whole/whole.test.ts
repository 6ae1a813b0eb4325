import { after, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { assertAccessible } from '../accessible.ts'
import { policyQuestions } from '../policy-pages.ts'
import { measured, watched } from './measured.ts'
import { assertQuiet, openConsoleStage, run, type ConsoleStage } from '../stage.ts'

/** What takes longer: `npm run test:console`. */
const stage: ConsoleStage = await openConsoleStage()
after(() => stage[Symbol.asyncDispose]())

const pages = [
  '/',
  '/approvals',
  '/approvals?state=all',
  '/sessions?state=all',
  '/exchanges',
  `/runs/${run}`,
  '/targets',
  '/access',
] as const

const can = '/policies/can?subject=demo%23langchain-reporting&target=shop'

suite('every page, for everybody', () => {
  for (const colours of ['light', 'dark'] as const)
    for (const phone of [false, true])
      test(`is accessible, ${colours}, ${phone ? 'on a phone' : 'on a desk'}`, async () => {
        const client = await stage.client('langchain-reporting')
        await client.query('select id, ssn from customers limit 2')
        for (const [name, more] of [
          ['erin', ['/audit', '/policies', can, '/targets/shop', '/agents', '/identities', '/exporters']],
          [
            'carol',
            ['/policies', '/policies/can', '/targets/shop', '/targets?add=1', '/agents', '/identities'],
          ],
          ['alice', []],
        ] as const) {
          await using person = await stage.person(name, '/', { colours, phone })
          for (const path of [...pages, ...more]) {
            await person.page.goto(stage.url + path)
            await person.page.locator('main h1, main .empty h2').first().waitFor()
            await assertAccessible(person.page)
            const wide = await person.page.evaluate<number>(
              'document.documentElement.scrollWidth - innerWidth',
            )
            assert.ok(wide <= 1, `${path} is ${wide} pixels wider than the screen`)
          }
          assertQuiet(person)
        }
        await client.end()
      })
})

suite('a busy gateway', () => {
  test('as many decisions as the machine makes do not stall the page', async () => {
    const seconds = 6
    const clients = await Promise.all(
      Array.from({ length: 12 }, () => stage.client('langchain-reporting', 'busy')),
    )
    await using erin = await stage.person('erin')
    const { page } = erin
    let asked = 0
    const frames = await watched(page, async () => {
      const until = performance.now() + seconds * 1_000
      await Promise.all(
        clients.map(async (client) => {
          while (performance.now() < until) {
            await client.query('select 1')
            asked += 1
          }
        }),
      )
    })
    assert.ok(asked / seconds > 40, `only ${asked / seconds} a second were asked`)
    console.log(
      `${(asked / seconds).toFixed(0)} decisions a second, longest frame ${frames.longest.toFixed(0)} ms, longest task ${frames.task} ms`,
    )
    assert.ok(frames.task < 400, `a task took ${frames.task} ms`)
    await page.getByRole('region', { name: 'Latest requests' }).getByRole('row').nth(30).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByRole('button', { name: 'Go on' }).waitFor()
    assertQuiet(erin)
  })

  test('a statement as long as approvers are shown is whole, to its end', async () => {
    const client = await stage.client('langchain-reporting')
    const padding = `${' '.repeat(5_000)} ${'/* on and on */\n'.repeat(2_500)}`
    const statement = `delete from orders where id = 31 ${padding} or 'the end' = 'x'`
    const held = client.query(statement).catch((error: unknown) => error)
    await using bob = await stage.person('bob', '/approvals')
    const { page } = bob
    await page.getByText('sql.delete').first().click()
    const article = page.getByRole('article')
    await article.getByText('the end').first().waitFor()
    assert.match((await article.textContent()) ?? '', /5 002 spaces/)
    await page.keyboard.press('r')
    await page.getByLabel('Reason').fill('too long')
    await page.keyboard.press('Enter')
    assert.match(String(await held), /rejected/)
    assertQuiet(bob)
  })
})

suite('a megabyte', () => {
  test('of a statement, and of a value, is shown in part and holds nothing up', async () => {
    const client = await stage.client('langchain-reporting', 'a megabyte')
    const strange = 'x<b>\u202e '
    await assert.rejects(
      client.query(`select 1 /* ${strange.repeat(130_000)} */`),
      /longer than 262144 bytes/,
    )
    await client.query(`select 1 as one /* ${strange.repeat(16_000)} */`)
    await client.query('select $1::text as value', ['<script>'.repeat(125_000)])
    await client.end()
    await using erin = await stage.person('erin', '/sessions?state=all&text=a+megabyte')
    const { page } = erin
    const frames = await watched(page, async () => {
      await page.getByRole('row').filter({ hasText: 'a megabyte' }).getByRole('link').first().click()
      const recording = page.getByRole('region', { name: 'Recording' })
      await recording
        .getByText(/1.000.000 characters/)
        .first()
        .waitFor({ timeout: 60_000 })
      await recording
        .getByRole('button', { name: /^Show the other \d+ characters/ })
        .first()
        .waitFor()
      assert.equal(await recording.locator('b.x, script, img').count(), 0)
      await page.mouse.wheel(0, 5_000)
    })
    console.log(`a megabyte: longest task ${frames.task.toFixed(0)} ms`)
    assert.ok(frames.task < 5_000, `a task took ${frames.task} ms`)
    assertQuiet(erin)
  })
})

suite('policies', () => {
  test('are put in force with a reason, and taken back', async () => {
    await using carol = await stage.person('carol', '/policies')
    const { page } = carol
    const files = page.getByRole('region', { name: 'Files' })
    await files.getByRole('button', { name: 'Edit' }).click()
    const editor = files.getByRole('textbox', { name: 'console.rego' })
    await editor.fill(
      (await editor.inputValue()).replace('DROP is not allowed.', 'DROP is not allowed, by order.'),
    )
    await files.getByRole('button', { name: 'Put in force' }).click()
    await page.getByLabel('Reason').fill('clearer words')
    await page.keyboard.press('Enter')
    await page.getByText('They are in force.').waitFor()
    const client = await stage.client('langchain-reporting')
    await assert.rejects(client.query('drop table customers'), /by order/)
    await page
      .getByRole('region', { name: 'Revisions' })
      .getByRole('button', { name: 'Put in force' })
      .first()
      .click()
    await page.getByLabel('Reason').fill('back')
    await page.keyboard.press('Enter')
    await page.getByText('It is in force.').waitFor()
    await assert.rejects(client.query('drop table customers'), /DROP is not allowed\.(?! by)/)
    await client.end()
    assertQuiet(carol)
  })
})

policyQuestions(stage)
measured(stage)
