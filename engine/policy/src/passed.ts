import { createHash } from 'node:crypto'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { prune } from './bundle.ts'
import { language } from './capabilities.ts'

/** Whether the tests of these very files passed before, in this language: a start need not run them again. */
export async function passedBefore(cache: string | null, digest: string): Promise<boolean> {
  if (cache === null) return false
  return access(await markOf(cache, digest)).then(
    () => true,
    () => false,
  )
}

/** The folder is trusted like that of the keys: who can write a mark can write a build. */
export async function keepPassed(cache: string | null, digest: string): Promise<void> {
  if (cache === null) return
  await mkdir(cache, { recursive: true, mode: 0o700 })
  await writeFile(await markOf(cache, digest), '')
  await prune(cache, suffix)
}

const suffix = '.passed'

async function markOf(cache: string, digest: string): Promise<string> {
  const { digest: lang } = await language()
  const name = createHash('sha256')
    .update(JSON.stringify([lang, digest]))
    .digest('hex')
  return join(cache, `${name.slice(0, 32)}${suffix}`)
}
