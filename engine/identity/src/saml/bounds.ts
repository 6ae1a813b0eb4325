/** What one gateway takes of SAML. */
export const bounds = {
  /** An answer as its form parameter, its elements, and one tag of it. */
  responseCharsMax: 131_072,
  depthMax: 32,
  elementsMax: 1_000,
  tagCharsMax: 4_096,
  /** Of one tag, declarations of prefixes included; and names of prefixes in all of it, each of which is compared often. */
  attributesMax: 32,
  prefixesMax: 32,
  /** Time on the wall for reading answers, and the part of it that comes back as time passes. */
  effortMsMax: 2_000,
  effortPart: 0.1,
  /** From the beginning of a login to its answer, and from there to its token. */
  loginLifeMs: 600_000,
  codeLifeMs: 60_000,
  /** Logins under way; used assertions that are remembered. */
  loginsMax: 10_000,
} as const
