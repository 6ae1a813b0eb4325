import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { Client } from 'pg'
import { startIdentityProvider, startShopApi, type DemoSubject } from '@sluice/demo'
import { startBackend } from '../acceptance/backend.ts'
import { startGateway, type Gateway, type GatewayOptions } from '../src/gateway.ts'
import { openssh, type SshOutcome } from '../src/ssh-client.ts'
import { startSshd } from '../src/sshd.ts'
import type { Login } from '../src/wire-client.ts'
import { startChromium } from './chromium.ts'

/** A gateway with its console, what it stands in front of, and people with browsers. */
export interface ConsoleStage extends AsyncDisposable {
  readonly gateway: Gateway
  /** The database behind the target `shop`, and who may log in there. */
  readonly backend: Login
  /** Of the API and the console. */
  readonly url: string
  /** Somebody's own browser, signed in and at a page. */
  person(name: DemoSubject, path?: string, look?: Look): Promise<Person>
  /** The same person at the same page in a browser that has nothing of it yet but the session. */
  again(person: Person): Promise<Person>
  /** A connection through Sluice that names its run. */
  client(subject: DemoSubject, application?: string): Promise<Client>
  /** A command over SSH, in a terminal; its run is named too. */
  shell(subject: DemoSubject, command: string): Promise<SshOutcome>
}

export interface Look {
  readonly colours?: 'light' | 'dark'
  readonly phone?: boolean
}

export interface Person extends AsyncDisposable {
  readonly page: Page
  /** What the page should not have said: errors, and what its policy stopped. */
  readonly complaints: readonly string[]
}

/** On a busy machine, which starts and renders pages many times as slowly. */
const patienceMs = 45_000
export const run = 'run_of_the_console_test'
const policies = fileURLToPath(new URL('policies', import.meta.url))

/** `more`: what else its gateway is configured with. */
export async function openConsoleStage(more: Partial<GatewayOptions> = {}): Promise<ConsoleStage> {
  await using parts = new AsyncDisposableStack()
  const [backend, provider, chromium, sshd] = await Promise.all([
    startBackend(),
    startIdentityProvider({ port: 0 }),
    startChromium(),
    startSshd(),
  ])
  parts.defer(() => sshd.close())
  parts.defer(() => backend.close())
  parts.defer(() => provider.close())
  parts.defer(() => chromium.close())
  const key = 'key-of-the-shop'
  const shop = await startShopApi({ port: 0, key, database: { ...backend.login, app: backend.login } })
  parts.defer(() => shop.close())
  const gateway = await startGateway({
    provider,
    policies,
    targets: [
      { name: 'shop', login: backend.login, access: { approvers: ['dba'] } },
      { name: 'shop-api', http: shop, secret: key },
      { name: 'host', ssh: sshd, user: sshd.user, secret: sshd.key, hostKey: sshd.hostKey },
    ],
    env: { SLUICE_TARGET_SHOP: backend.login.password },
    ...more,
  })
  parts.defer(() => gateway.close())
  const clients = new Set<Client>()
  parts.defer(async () => void (await Promise.allSettled([...clients].map((client) => client.end()))))
  const open = parts.move()
  const url = `http://${gateway.api.host}:${gateway.api.port}`
  return {
    gateway,
    backend: backend.login,
    url,
    person: (name, path = '/', look = {}) =>
      signedIn(chromium, url, { name, password: provider.login.password, path, look }),
    again: async ({ page: known }) => {
      const context = await chromium.newContext({ storageState: await known.context().storageState() })
      const page = await newPage(context)
      const complaints = complaintsOf(page)
      await page.goto(known.url())
      return { page, complaints, [Symbol.asyncDispose]: () => closed(context) }
    },
    client: async (subject, application = 'reports') => {
      const options = `-c sluice.run_id=${run}`
      const client = new Client({
        ...(await gateway.login(subject, 'shop')),
        application_name: application,
        options,
      })
      // A session that is ended says so, and it is what some of the tests want.
      client.on('error', () => {})
      clients.add(client)
      await client.connect()
      return client
    },
    shell: async (subject, command) => {
      const door = { ...gateway.ssh, user: 'host', token: await gateway.token(subject) }
      return openssh(door, command, {
        args: ['-tt', '-o', 'SendEnv=SLUICE_RUN_ID'],
        env: { SLUICE_RUN_ID: run, TERM: 'xterm-256color' },
      })
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

interface SigningIn {
  readonly name: DemoSubject
  readonly password: string
  readonly path: string
  readonly look: Look
}

/** As a person does it: from the page that they want, over the provider, back to that page. */
async function signedIn(
  chromium: Browser,
  url: string,
  { name, password, path, look }: SigningIn,
): Promise<Person> {
  const context = await chromium.newContext({
    colorScheme: look.colours ?? 'light',
    viewport: look.phone === true ? { width: 390, height: 844 } : { width: 1_280, height: 800 },
    reducedMotion: 'reduce',
    permissions: [],
  })
  const page = await newPage(context)
  const complaints = complaintsOf(page)
  await page.goto(url + path)
  await page.getByRole('link', { name: /^Continue with/ }).click()
  await page.locator('select[name=name]').selectOption(name)
  await page.locator('input[type=password]').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.waitForURL(url + path)
  await page.getByRole('navigation', { name: 'Pages' }).waitFor()
  return { page, complaints, [Symbol.asyncDispose]: () => closed(context) }
}

async function newPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  page.setDefaultTimeout(patienceMs)
  return page
}

function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    // A browser says so of the answer by which a page learns that nobody is signed in.
    if (message.type() === 'error' && !/status of 401/.test(message.text())) complaints.push(message.text())
  })
  return complaints
}

async function closed(context: BrowserContext): Promise<void> {
  await context.close()
}

export function assertQuiet(...people: readonly Person[]): void {
  for (const { complaints } of people) assert.deepEqual(complaints, [])
}
