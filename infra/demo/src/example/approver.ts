import { sluice } from '@sluice/cli'

/** Who answers in a person's place when nobody is waited for. */
const name = 'bob'

export interface Approver {
  /** For the notices of the connection: those about an approval are answered, others mean nothing. */
  notified(notice: string): void
  /** Until everything asked so far is answered. */
  done(): Promise<void>
}

/** Shows how a person approves; and does it in their place, by the same commands, unless the person is waited for. */
export function openApprover(waitForPerson: boolean): Approver {
  let answering = Promise.resolve()
  return {
    notified(notice) {
      const [, id] = /\(ref (apr_\w+)\)/.exec(notice) ?? []
      if (id === undefined) return
      console.log(`notice ${notice}`)
      answering = answering.then(() => (waitForPerson ? tellPerson(id) : approve(id)))
    },
    done: () => answering,
  }
}

function tellPerson(id: string): void {
  console.log(`       → The statement waits on its connection, and in the console: open the address that npm start shows, sign in as
         ${name}, choose it, and press a and Enter. Or in another terminal, as a person of the group dba:

  npx sluice approvals ls
  npx sluice approvals approve ${id} --as ${name}
`)
}

async function approve(id: string): Promise<void> {
  console.log(
    `       → The statement waits on its connection. What a person of the group dba sees, and does:\n`,
  )
  await run('approvals', 'show', id, '--as', name)
  const code = await run('approvals', 'approve', id, '--as', name, '--reason', 'a test order')
  if (code !== 0) tellPerson(id)
}

/** As if it had been typed; its exit code. */
async function run(...args: readonly string[]): Promise<number> {
  console.log(`  $ npx sluice ${args.map((arg) => (arg.includes(' ') ? `'${arg}'` : arg)).join(' ')}`)
  const indented = (text: string): void => console.log(text.trimEnd().replaceAll(/^/gm, '  '))
  const { env } = process
  const code = await sluice(args, {
    env,
    signal: new AbortController().signal,
    out: indented,
    error: indented,
  })
  console.log('')
  return code
}
