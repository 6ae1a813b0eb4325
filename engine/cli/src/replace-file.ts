import { rename, writeFile } from 'node:fs/promises'

/** In one step, since somebody may be reading it; its owner's alone. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const partial = `${file}.${process.pid}`
  await writeFile(partial, text, { mode: 0o600 })
  await rename(partial, file)
}
