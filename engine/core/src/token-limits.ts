/** Those of tokens, of who gives them out and of what takes them back: a part of `limits`. */
export const tokenLimits = {
  /** Gateway tokens never live longer. */
  tokenLifeMs: 900_000,
  /** Tokens revoked one by one that are remembered; more are refused, since none may be forgotten before its time. */
  revokedTokensMax: 50_000,
  /** Of these by one subject: nobody takes the room that others may need. */
  revokedTokensBySubjectMax: 5_000,
  /** How often revocations that concern no good token any more are looked for. */
  revocationSweepMs: 60_000,
  /** Minted passwords of one subject, and of all, that are alive; how often those are looked for that are not. */
  mintedPasswordsOfSubjectMax: 20,
  mintedPasswordsMax: 10_000,
  mintedPasswordSweepMs: 60_000,
  /** What the same token must add to a session's life to be recorded again. */
  extensionGainMsMin: 10_000,
  /** Extensions of one session: at once, and in each second after that. */
  extensionsBurst: 20,
  extensionsPerSecond: 0.1,
  /** Tokens by which one session lived: of older ones nobody knows any more that it was carried on from them. */
  sessionTokensMax: 64,
  /** A gateway token: OpenSSH reads passwords into 1,024 bytes. */
  gatewayTokenBytesMax: 900,
  /** What the gateway logs in with at hosts of SSH, which look at it once. */
  loginCertificateLifeMs: 300_000,
  /** What the gateway shows of itself to clients of SSH that ask for a certificate. */
  hostCertificateLifeMs: 86_400_000,
  /** Who a certificate of SSH is for, with all groups: programs read its line into 8 KiB. */
  certificateIdentityBytesMax: 4_096,
  /** An issuer's token as it arrives; it must fit in a login message. */
  issuerTokenBytesMax: 9_216,
  /** An issuer's token that claims a longer life is refused. */
  issuerTokenLifeMs: 86_400_000,
  /** How far an issuer's clock may run ahead of ours. */
  clockSkewMs: 60_000,
  /** Groups of one subject. */
  groupsMax: 200,
  /** A subject, a group or a carried claim. */
  claimCharsMax: 256,
  /** An issuer's keys are read again in the background after this. */
  issuerKeysRefreshMs: 600_000,
  /** While an issuer does not answer, its last keys serve until this age. */
  issuerKeysLifeMs: 3_600_000,
  /** An unknown key id makes the keys be read again at once, but not more often than this. */
  issuerKeysRetryMs: 30_000,
  /** The same while there are no usable keys. */
  issuerOutageRetryMs: 1_000,
  issuerKeysMax: 100,
  issuerAnswerMs: 5_000,
  issuerAnswerBytesMax: 262_144,
} as const
