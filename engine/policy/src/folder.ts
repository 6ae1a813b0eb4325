import { createHash } from 'node:crypto'
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

/** The files of a policy folder as they lie there, by path. */
export type FolderFiles = ReadonlyMap<string, Uint8Array>

const dataFile = 'data.json'

/** Reads `**\/*.rego`, `data.json` and `**\/*.cases.yaml`, from a folder or as somebody sent them. Throws `PolicyError`. */
export async function readFolder(from: string | FolderFiles): Promise<PolicyFolder> {
  return typeof from === 'string'
    ? policyFolder(await readFiles(from), from)
    : policyFolder(from, 'these files')
}

/** Throws `PolicyError` when the folder cannot be read or is too large. */
export async function readFiles(folder: string): Promise<FolderFiles> {
  const files = new Map<string, Uint8Array>()
  let bytes = 0
  for (const name of await names(folder)) {
    const content = await readFile(join(folder, name)).catch((error: unknown) => {
      throw new PolicyError([finding('folder', name, `the file cannot be read: ${messageOf(error)}`)])
    })
    bytes += content.length
    if (bytes > limits.policyFolderBytesMax)
      throw new PolicyError([finding('folder', name, 'the policy folder is too large')])
    files.set(name, content)
  }
  return files
}

/** What the files mean. Throws `PolicyError`. */
export function policyFolder(read: FolderFiles, folder: string): PolicyFolder {
  const files: Record<string, string> = {}
  const cases: Record<string, string> = {}
  const found: Diagnostic[] = []
  let data: Readonly<Record<string, Json>> = {}
  for (const [name, content] of read) {
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

/** Equal for equal files, whatever they mean. `decides`: only those that a verdict depends on, so no tests. */
export function digestOf(files: FolderFiles, which: 'all' | 'decides'): string {
  const hash = createHash('sha256')
  for (const [name, content] of files) {
    if (which === 'decides' && /_test\.rego$|\.cases\.yaml$/.test(name)) continue
    hash.update(JSON.stringify([name, content.length])).update(content)
  }
  return hash.digest('hex')
}

/** Sorted, with `/`. Entries that begin with a dot are not ours: editors' and Kubernetes' own. */
async function names(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new PolicyError([finding('folder', '', `the policy folder cannot be read: ${messageOf(error)}`)])
  })
  const paths: string[] = []
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path).split(sep).join('/')
    if (name.split('/').some((part) => part.startsWith('.'))) continue
    if (!/\.rego$|\.cases\.yaml$|(^|\/)data\.json$/.test(name)) continue
    // What is not there any more, or a link to nowhere, fails when it is read: a rule must not go missing in silence.
    const found = await stat(path).catch(() => null)
    if (found === null || found.isFile()) paths.push(name)
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
    found.push(finding('data', dataFile, messageOf(error)))
  }
  return {}
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function isObject(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
