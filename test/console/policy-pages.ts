import { suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { assertAccessible } from './accessible.ts'
import { assertQuiet, type ConsoleStage } from './stage.ts'

/** Policies as they are written and tried. */
export function policyChanges(stage: ConsoleStage): void {
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
      await files.getByRole('button', { name: 'Read' }).click()
      await files.getByRole('note').first().waitFor()
      await files.getByRole('button', { name: 'Edit' }).click()
      const allowing =
        'allow contains {"rule": "console/dropped", "message": "For once."} if sql.statement == "sql.ddl"'
      await editor.fill(whole.replace(/^deny contains .*$/m, allowing))
      await files.getByRole('button', { name: 'Judge again' }).click()
      // It compiles first.
      await files.getByText(/decisions? would change\./).waitFor()
      await files
        .getByRole('region', { name: 'What would change' })
        .getByText('console/dropped')
        .first()
        .waitFor()
      await assertAccessible(page)
      assertQuiet(carol)
    })
  })
}

/** What is asked of them; it takes longer. */
export function policyQuestions(stage: ConsoleStage): void {
  suite('who asks policies', () => {
    test('sees which rows their tests reach', async () => {
      await using carol = await stage.person('carol', '/policies')
      const { page } = carol
      const files = page.getByRole('region', { name: 'Files' })
      await files.getByRole('button', { name: 'Run tests' }).click()
      await files.getByText(/All pass: 1 test and 0 cases/).waitFor()
      await files.getByText(/% of this file/).waitFor()
      const line = (text: string) => files.locator('.source-line', { hasText: text }).first()
      assert.match((await line('"console/read"').getAttribute('class')) ?? '', /\bcovered\b/)
      assert.match((await line('"console/drop"').getAttribute('class')) ?? '', /\bmissed\b/)
      await assertAccessible(page)
      assertQuiet(carol)
    })

    test('sees the rule that denied, and where each other one ended', async () => {
      const client = await stage.client('langchain-reporting', 'asks why')
      await assert.rejects(client.query('drop table orders'))
      await client.end()
      await using erin = await stage.person('erin', '/exchanges?text=console%2Fdrop')
      const { page } = erin
      await page.getByRole('row').filter({ hasText: 'public.orders' }).getByRole('link').first().click()
      const denied = page.getByRole('listitem').filter({ hasText: 'drop table orders' })
      await denied.getByText('Why it was decided so').click()
      const why = denied.getByRole('region', { name: 'Why it was decided so' })
      await why.getByText('DROP is not allowed.').waitFor()
      await why.getByText(/rules did not/).click()
      const read = why.getByRole('listitem').filter({ hasText: 'console/read' })
      for (const part of ['input.action.read_only', 'false', 'console.rego:8'])
        assert.ok((await read.innerText()).includes(part), `${part} in ${await read.innerText()}`)
      // A rule of the library that a condition looks at says what it came to.
      await why.getByText('is "sql.ddl"').first().waitFor()
      await assertAccessible(page)
      assertQuiet(erin)
    })

    test('asks what somebody can do, by each kind of request and by what they did', async () => {
      const client = await stage.client('langchain-reporting', 'can do')
      await client.query('select id from customers limit 1')
      await client.end()
      await using erin = await stage.person('erin', '/policies/can')
      const { page } = erin
      await page.getByLabel('Subject').fill('demo#langchain-reporting')
      await page.getByRole('combobox', { name: 'Target' }).selectOption('shop')
      await page.getByRole('button', { name: 'Ask the policies' }).click()
      const samples = page.getByRole('region', { name: 'One of each kind' })
      const row = (text: string) => samples.getByRole('row').filter({ hasText: text })
      await row('SELECT * FROM public.customers').getByText('masked').waitFor()
      await row('DELETE FROM public.customers WHERE').getByText('held').waitFor()
      await row('DROP TABLE public.customers').getByText('denied').waitFor()
      await page
        .getByRole('region', { name: 'What was asked for before' })
        .getByRole('row')
        .filter({ hasText: 'sql.select public.customers' })
        .first()
        .waitFor()
      assert.match(page.url(), /subject=demo%23langchain-reporting&target=shop/)
      await page.getByText('Samples prove nothing of what they are no sample of.').waitFor()
      await assertAccessible(page)
      await page.goto(`${stage.url}/policies/can?groups=nobody&target=host`)
      await page.getByRole('row').filter({ hasText: 'rm -rf /srv' }).getByText('allowed').waitFor()
      assertQuiet(erin)
    })
  })
}
