export type { IssuerState, KeysState, Tallied } from './issuer-state.ts'
export { openIdentity, type IdentityOptions, type IdentityParts } from './open.ts'
export { IssuerConfigError, openIssuers, type IssuerConfig } from './issuer.ts'
export {
  SecretError,
  nameOf,
  managedOf,
  managerNames,
  type LocalReference,
  type ManagedReference,
  type ManagerName,
  type SecretReference,
} from './secrets/reference.ts'
export { agentsKey } from './keys.ts'
export { readPlace, type SecretPlace } from './secrets/place.ts'
export { readSecret, secretSource, type SecretSource } from './secrets/source.ts'
export { openManagers, type ManagersConfig } from './secrets/managers.ts'
export type { AwsIdentity } from './secrets/aws-keys.ts'
export type { AzureAuth } from './secrets/azure.ts'
export type { VaultAuth } from './secrets/vault-tokens.ts'
export {
  isCertified,
  referencedCredentials,
  type CredentialReference,
  type CredentialReferences,
} from './credentials.ts'
export type { MaskingKeyReference } from './pseudonyms.ts'
export type { Exchange, ExchangeAnswer, ExchangeError } from './exchange.ts'
export { gatewayTokenPrefix } from './gateway-token.ts'
export type { CertificateAuthority, CertificateRequest, IssuedCertificate } from './ssh/authority.ts'
export { configuredKeys, SshKeyConfigError, type SshKeyConfig } from './ssh/configured-keys.ts'
export type { HostKey } from './ssh/host-key.ts'
export { loginAuthority, type LoginAuthority } from './ssh/login-authority.ts'
export { sshKey } from './keys.ts'
export { newKeyPair, type KeyPair } from './ssh/private-key.ts'
export { checkSamlIssuer, type SamlIssuerConfig } from './saml/provider.ts'
export type { ConsoleClient } from './sign-in/oidc-client.ts'
export { Sealed } from './sign-in/sealed.ts'
export {
  SignInError,
  type Begun,
  type SignedIn,
  type SignInIssuer,
  type SignInProblem,
} from './sign-in/sign-in.ts'
