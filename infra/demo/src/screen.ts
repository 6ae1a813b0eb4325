import { relative } from 'node:path'
import type { Demo } from './demo.ts'
import { demoSubjects } from './demo-subjects.ts'

export interface ScreenOptions {
  readonly cwd: string
  /** Variables that the commands in another terminal need too. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** What a person sees when everything runs: where things are, and what to try. */
export function screen(demo: Omit<Demo, 'close'>, { cwd, env }: ScreenOptions): string {
  const { gateway, policies, postgresLog, llmLog, password } = demo
  const near = (path: string): string => {
    const short = relative(cwd, path)
    return short === '' || short.startsWith('..') ? path : short
  }
  const where = env['SLUICE_DATA'] === undefined ? '' : `SLUICE_DATA=${env['SLUICE_DATA']} `
  const npx = `${where}npx sluice`
  const { api, postgres, http, ssh } = gateway
  const url = postgres === null ? null : `postgresql://any@${postgres.host}:${postgres.port}/shop`
  const places = [
    ...(url === null ? [] : [['PostgreSQL', `${url}   the password is a token`] as const]),
    ...(http === null
      ? []
      : [
          ['HTTP', `http://${http.host}:${http.port}/shop-api   with a token`] as const,
          ['language model', `http://${http.host}:${http.port}/shop-llm/v1   the key is a token`] as const,
        ]),
    ...(ssh === null
      ? []
      : [['SSH', `ssh -p ${ssh.port} shop-host@${ssh.host} ls   the password is a token`] as const]),
    ['console, API', `http://${api.host}:${api.port}   sign in as bob, password ${password}`] as const,
    ['subjects', `${Object.keys(demoSubjects).join(', ')}   ${npx} login`] as const,
    ['policies', `${near(policies)}   change one, save, and it is in force`] as const,
    ['record', near(gateway.log)] as const,
    ['logs', [postgresLog, ...(http === null ? [] : [llmLog])].map(near).join(' and ')] as const,
  ]
  const attempts = [
    `${where}npm run example`,
    ...(url === null
      ? []
      : [
          `PGPASSWORD=$(${npx} token) psql "${url}"`,
          `${npx} approvals ls   what waits for bob or carol, e.g. delete from orders where id = 1`,
        ]),
    ...(http === null
      ? []
      : [
          `curl -H "X-Sluice-Authorization: Bearer $(${npx} token)" http://${http.host}:${http.port}/shop-api/customers?limit=1`,
        ]),
    `${npx} audit tail -f`,
    `${npx} doctor`,
  ]
  return [
    '\nSluice is ready.\n',
    ...places.map(([name, place]) => `  ${name.padEnd(14)}  ${place}`),
    '\nTry in another terminal, in this folder:\n',
    ...attempts.map((attempt) => `  ${attempt}`),
    '\nCtrl-C stops everything.\n',
  ].join('\n')
}
