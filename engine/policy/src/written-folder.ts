import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A policy folder of a test, gone when the test is. */
export interface WrittenFolder extends Disposable {
  readonly path: string
  write(files: Readonly<Record<string, string>>): void
}

export function writtenFolder(files: Readonly<Record<string, string>>): WrittenFolder {
  const path = mkdtempSync(join(tmpdir(), 'sluice-policies-'))
  const folder: WrittenFolder = {
    path,
    write(changed) {
      for (const [name, text] of Object.entries(changed)) {
        mkdirSync(dirname(join(path, name)), { recursive: true })
        writeFileSync(join(path, name), text)
      }
    },
    [Symbol.dispose]() {
      rmSync(path, { recursive: true, force: true })
    },
  }
  folder.write(files)
  return folder
}
