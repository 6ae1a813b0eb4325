import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { limits, type Json } from '@sluice/core'
import type { Sources } from './compiler.ts'
import { finding, PolicyError, type Diagnostic } from './diagnostic.ts'

/** Everything of a policy folder that means something. */
export interface PolicyFolder extends Sources {
  /** Tables of cases (`*.cases.yaml`) by path. */
  readonly cases: Readonly<Record<string, string>>
}

const dataFile = 'data.json'

/** Reads `**\/*.rego`, `data.json` and `**\/*.cases.yaml`. Throws `PolicyError`. */
export async function readFolder(folder: string): Promise<PolicyFolder> {
  const files: Record<string, string> = {}
  const cases: Record<string, string> = {}
  const found: Diagnostic[] = []
  let data: Readonly<Record<string, Json>> = {}
  let bytes = 0
  for (const name of await names(folder)) {
    const content = await readFile(join(folder, name))
    bytes += content.length
    if (bytes > limits.policyFolderBytesMax)
      throw new PolicyError([finding('folder', name, 'the policy folder is too large')])
    const text = decoded(content)
    if (name.startsWith('sluice/')) found.push(finding('folder', name, "the folder sluice/ is the library's"))
    else if (text === null) found.push(finding('encoding', name, 'the file is not UTF-8'))
    else if (name.endsWith('.rego')) files[name] = text
    else if (name.endsWith('.cases.yaml')) cases[name] = text
    else if (name === dataFile) data = documents(text, found)
    else found.push(finding('data', name, 'base documents belong into data.json at the top of the folder'))
  }
  if (Object.keys(files).length === 0 && found.length === 0)
    found.push(finding('folder', '', `there is no .rego file in ${folder}`))
  if (found.length > 0) throw new PolicyError(found)
  return { files, data, cases }
}

/** Sorted, with `/`. Entries that begin with a dot are not ours: editors' and Kubernetes' own. */
async function names(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    throw new PolicyError([finding('folder', '', `the policy folder cannot be read: ${why}`)])
  })
  const paths: string[] = []
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path).split(sep).join('/')
    if (name.split('/').some((part) => part.startsWith('.'))) continue
    if (!/\.rego$|\.cases\.yaml$|(^|\/)data\.json$/.test(name)) continue
    if ((await stat(path)).isFile()) paths.push(name)
  }
  return paths.sort()
}

function decoded(content: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    return null
  }
}

function documents(text: string, found: Diagnostic[]): Readonly<Record<string, Json>> {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value) && !('sluice' in value)) return value
    found.push(finding('data', dataFile, 'it must hold an object, and `sluice` is not a name of yours'))
  } catch (error) {
    found.push(finding('data', dataFile, error instanceof Error ? error.message : String(error)))
  }
  return {}
}

function isObject(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
