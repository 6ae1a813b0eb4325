import { fileURLToPath } from 'node:url'
import { demoConsole, demoIssuer } from './identity-provider.ts'
import type { DemoPorts } from './ports.ts'
import { appLogin } from './postgres.ts'

/** The variable under which the gateway of this process finds its credential for the sample database. */
export const shopPasswordVariable = 'SLUICE_DEMO_SHOP_PASSWORD'

/** The same for the sample API … */
export const shopApiKeyVariable = 'SLUICE_DEMO_SHOP_API_KEY'

/** … for the sample host … */
export const shopHostPasswordVariable = 'SLUICE_DEMO_SHOP_HOST_PASSWORD'
/** As whom the gateway logs in there. */
export const shopHostUser = 'shop'

/** … and for the provider of the language model. */
export const llmKeyVariable = 'SLUICE_DEMO_LLM_KEY'

export const starterPolicies: string = fileURLToPath(new URL('../../../policies/starter', import.meta.url))

/**
 * The demo as a configuration file would say it (`schemas/config.schema.json`); `SLUICE_CONFIG` is laid over it. Its
 * paths are absolute, since relative ones belong to that file. `hostKey`: the public one of the sample host.
 */
export function demoConfig(ports: DemoPorts, hostKey: string): object {
  const { audience, groups_claim, type_claim } = demoIssuer
  const issuer = `http://${at(ports.identityProvider)}`
  return {
    api: { listen: at(ports.api), roles: { admin: ['operators'], approver: ['dba'], auditor: ['auditors'] } },
    listen: {
      postgres: at(ports.postgres),
      http: at(ports.http),
      ssh: { address: at(ports.ssh), names: ['127.0.0.1', 'localhost'] },
    },
    log: { kind: 'embedded' },
    identity: {
      issuers: [
        { name: 'demo', kind: 'oidc', issuer, audience, groups_claim, type_claim, console: demoConsole },
      ],
    },
    policies: { path: starterPolicies },
    targets: [
      {
        name: 'shop',
        protocol: 'postgres',
        address: at(ports.postgresBackend),
        database: appLogin.database,
        tls: 'disable',
        credential: { user: appLogin.user, password: { env: shopPasswordVariable } },
        labels: { env: 'demo', data: 'pii' },
        access: { approvers: ['dba'], max: '8h', roles: ['reader', 'pii_reader'] },
      },
      {
        name: 'shop-api',
        protocol: 'http',
        address: at(ports.httpBackend),
        tls: 'disable',
        authentication: 'bearer',
        credential: { password: { env: shopApiKeyVariable } },
        labels: { env: 'demo', data: 'pii' },
        access: { approvers: ['dba'], max: '8h', roles: ['reader', 'pii_reader'] },
      },
      {
        name: 'shop-host',
        protocol: 'ssh',
        address: at(ports.sshBackend),
        host_key: hostKey,
        credential: { user: shopHostUser, password: { env: shopHostPasswordVariable } },
        labels: { env: 'demo', data: 'pii' },
        access: { approvers: ['dba'], max: '8h', roles: ['reader', 'pii_reader'] },
      },
      {
        name: 'shop-llm',
        protocol: 'http',
        address: at(ports.llmBackend),
        tls: 'disable',
        authentication: 'bearer',
        credential: { password: { env: llmKeyVariable } },
        profile: 'openai',
        prices: { 'gpt-4o-mini*': { input: 0.15, output: 0.6 } },
        labels: { env: 'demo' },
      },
    ],
  }
}

function at(port: number): string {
  return `127.0.0.1:${port}`
}
