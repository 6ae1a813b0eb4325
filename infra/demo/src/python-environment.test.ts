import { after, before, suite, test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pythonEnvironment, pythonVersion } from './python-environment.ts'

/** An interpreter that only knows how to be installed; of packages it has all but those called `missing`. */
const interpreter = (version: string): string => `#!/bin/sh
for last; do :; done
case "$*" in
  -c*version_info*) echo ${version} ;;
  "-m venv "*) mkdir -p "$last/bin" && cp "$0" "$last/bin/python" ;;
  "-m pip install "*) if grep -q missing "$last"; then exit 1; fi ;;
  hello) echo "hello from $0" ;;
  *) exit 2 ;;
esac
`

suite('an environment of Python packages', () => {
  let folder: string
  let python: string
  let requirements: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-python-'))
    python = join(folder, 'python3')
    requirements = join(folder, 'requirements.txt')
    await writeFile(python, interpreter('3.12'), { mode: 0o700 })
  })
  after(() => rm(folder, { recursive: true }))

  test('is made once for the same pins', async () => {
    const options = { name: 'test', requirements, python, folder: join(folder, 'venv') }
    await writeFile(requirements, 'one==1\n')
    const made = await pythonEnvironment(options)
    assert.equal(execFileSync(made, ['hello']).toString(), `hello from ${made}\n`)
    assert.equal(await pythonEnvironment(options), made)
    assert.equal((await readdir(options.folder)).length, 1)
    await writeFile(requirements, 'one==2\n')
    assert.notEqual(await pythonEnvironment(options), made)
    assert.equal((await readdir(options.folder)).length, 2)
  })

  test('is made by one of several that want it at once, and by the next when that one ended', async () => {
    await writeFile(requirements, 'two==1\n')
    const options = { name: 'shared', requirements, python, folder: join(folder, 'shared') }
    const made = await Promise.all([1, 2, 3].map(() => pythonEnvironment(options)))
    assert.equal(new Set(made).size, 1)
    assert.deepEqual(
      (await readdir(options.folder)).filter((name) => !name.startsWith('shared-')),
      [],
    )
    await writeFile(requirements, 'two==2\n')
    const next = await pythonEnvironment(options)
    await rm(next, { recursive: true })
    await rm(join(next, '..', '..'), { recursive: true })
    await writeFile(`${join(next, '..', '..')}.owner`, '999999999')
    assert.equal(await pythonEnvironment(options), next)
  })

  test('that cannot be made is said each time, and not taken for one', async () => {
    await writeFile(requirements, 'missing==1\n')
    const options = { name: 'broken', requirements, python, folder }
    for (let attempt = 0; attempt < 2; attempt++)
      await assert.rejects(pythonEnvironment(options), /pip cannot install .*requirements\.txt/)
  })

  test('needs a Python that is new enough', async () => {
    const absent = join(folder, 'no-python')
    assert.equal(await pythonVersion(absent), null)
    const options = { name: 'test', requirements, folder }
    await assert.rejects(pythonEnvironment({ ...options, python: absent }), /python3 is not installed/)
    const old = join(folder, 'old')
    await writeFile(old, interpreter('3.9'), { mode: 0o700 })
    await assert.rejects(
      pythonEnvironment({ ...options, python: old }),
      /needs Python 3\.10 or newer.* 3\.9$/,
    )
  })
})
