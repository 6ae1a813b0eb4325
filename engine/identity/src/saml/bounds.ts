/** What one gateway takes of SAML. */
export const bounds = {
  /** An answer as its form parameter, its elements, and one tag of it. */
  responseCharsMax: 131_072,
  depthMax: 32,
  elementsMax: 4_000,
  tagCharsMax: 4_096,
  /** From the beginning of a login to its answer, and from there to its token. */
  loginLifeMs: 600_000,
  codeLifeMs: 60_000,
  /** Logins under way; used assertions that are remembered. */
  loginsMax: 10_000,
} as const
