import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'
import { programOf } from '../src/program.ts'

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
  const executablePath = programs.find((program) => existsSync(program)) ?? (await programOf('chromium'))
  return chromium.launch({ executablePath, args: quiet })
}
