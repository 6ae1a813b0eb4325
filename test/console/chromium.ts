import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { chromium, type Browser } from 'playwright-core'

const run = promisify(execFile)
const installMs = 240_000

/** Where systems have it. */
const programs = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A real Chromium without a window. Throws, with what to install, when there is none. */
export async function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: await programOf(), args: quiet })
}

async function programOf(): Promise<string> {
  const found = programs.find((program) => existsSync(program)) ?? (await installed())
  if (found !== undefined) return found
  throw new Error(
    'Chromium is not installed: apt-get install chromium, or your system’s package of that kind',
  )
}

/** On a machine without one: takes it from the system's packages where that is possible. */
async function installed(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const env = { PATH: process.env['PATH'] ?? '', DEBIAN_FRONTEND: 'noninteractive' }
  const install = ['install', '--yes', '--quiet', '--no-install-recommends', 'chromium']
  for (const args of [install, ['update', '--quiet'], install]) {
    await run('apt-get', args, { env, timeout: installMs, maxBuffer: 16_777_216 }).catch(() => undefined)
    const found = programs.find((program) => existsSync(program))
    if (found !== undefined) return found
  }
  return undefined
}
