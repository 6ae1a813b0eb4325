import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readCases } from './cases.ts'
import { withCompiler, type Compiler } from './compiler.ts'
import { PolicyError, type Diagnostic } from './diagnostic.ts'
import { readFolder, type FolderFiles } from './folder.ts'

/**
 * Everything wrong with a policy folder, tests and tables included; empty when it can be used. Whoever checks often
 * lends a compiler.
 */
export async function checkPolicies(
  folder: string | FolderFiles,
  cache: string | null = null,
  lent?: Compiler,
): Promise<readonly Diagnostic[]> {
  try {
    const sources = await readFolder(folder)
    for (const [file, text] of Object.entries(sources.cases)) readCases(file, text)
    await withCompiler(lent, cache, (compiler) => compiler.check(sources))
    return []
  } catch (error) {
    if (error instanceof PolicyError) return error.diagnostics
    throw error
  }
}

/**
 * Names of the Rego files that are not formatted as OPA formats them; `write` formats them. Throws `PolicyError`
 * when a file cannot be parsed; then nothing is written.
 */
export async function formatPolicies(
  folder: string,
  options: { readonly write: boolean; readonly cache?: string | null },
  lent?: Compiler,
): Promise<readonly string[]> {
  const { files } = await readFolder(folder)
  const changed = await withCompiler(lent, options.cache ?? null, (compiler) => compiler.format(files))
  const formatted = Object.entries(changed)
  if (options.write) for (const [name, text] of formatted) await writeFile(join(folder, name), text)
  return formatted.map(([name]) => name)
}
