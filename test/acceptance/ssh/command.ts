import { sluice } from '@sluice/cli'
import type { Stage } from './stage.ts'

export interface CommandRun {
  readonly code: number
  readonly out: string
  readonly error: string
}

/** `sluice …` of who came through the door; `at`: at a terminal of that size, with what it is told as it is told. */
export async function sluiceAt(
  { gateway, door }: Stage,
  args: readonly string[],
  at?: { readonly columns: number; readonly rows: number; readonly told?: (out: string) => void },
): Promise<CommandRun> {
  const { host, port } = gateway.api
  const written = { out: '', error: '' }
  const code = await sluice(args, {
    env: {
      SLUICE_URL: `http://${host}:${port}`,
      SLUICE_TOKEN: door.token,
      SLUICE_DATA: '/nowhere',
      XDG_CONFIG_HOME: '/nowhere',
    },
    signal: new AbortController().signal,
    out: (text) => {
      written.out += text
      at?.told?.(written.out)
    },
    error: (text) => (written.error += text),
    ...(at === undefined ? {} : { window: () => at }),
  })
  return { code, ...written }
}
