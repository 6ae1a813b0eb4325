/** Every queue, message and wait of the tunnel, its unit last. */
export const limits = {
  /** Connections to the listener, those that have not said anything yet included. */
  connectionsMax: 2_000,
  /** The TLS handshake, and each line that opens a connection. */
  handshakeMs: 5_000,
  helloBytesMax: 16_384,
  /** Entries of an agent's list, and characters of one, that it tells. */
  allowsMax: 200,
  allowCharsMax: 300,
  /** Characters of a version that an agent tells. */
  versionCharsMax: 40,
  /** Connections of one agent that are recorded at once, and that come back each second after that. */
  joinsBurst: 20,
  joinsPerSecond: 0.5,
  /**
   * Streams that the other side may give up, at once and each second. What callers do decides about that, and all of them share
   * the connection: HTTP/2 would have it end after 1,000 and 33.
   */
  resetsBurst: 1_000_000,
  resetsPerSecond: 100_000,
  /** Streams over one connection; further ones go over another, or are refused. */
  streamsMax: 1_000,
  /** What one stream may have under way from an agent while the gateway does not take it yet. */
  streamWindowBytes: 524_288,
  /**
   * The same of all streams of a connection, however much of it is taken: Node reads nothing of a connection while it
   * writes to it, so what is written at once must find room on the way. It is also what a stream waits for behind others.
   */
  connectionWindowBytes: 1_048_576,
  /**
   * The other way round. A client of HTTP/2 sends the oldest stream first, so that here every stream must have room of its
   * own: all of them together never fill what the connection has.
   */
  uploadWindowBytes: 131_072,
  uploadConnectionWindowBytes: 131_072_000,
  /** Bytes in one frame: one at a time is sent, so it is also what one stream may be ahead of the others. */
  frameBytes: 16_384,
  /** Pieces of an answer that come at once are gathered up to this; one below the first passes by itself, without waiting. */
  gatherBytesMin: 4_096,
  gatherBytesMax: 65_536,
  /** Mebibytes that Node may hold for the streams of one connection before it refuses further ones. */
  sessionMemoryMib: 1_200,
  /** How often each side looks whether the other one is there, and how many looks in vain are one too many. */
  beatMs: 700,
  beatsMissedMax: 3,
  /** What an agent may want answered, and may say while nothing goes through it, between two looks. */
  questionsPerBeatMax: 100,
  idleBytesPerBeatMax: 131_072,
  /** A worker's streams to its supervisor; what they may all have under way to it; and an answer, several agents being asked. */
  ipcStreamsMax: 20_000,
  ipcWindowBytes: 8_388_608,
  ipcAnswerMs: 40_000,
  /** An agent's own connection to a target. */
  targetConnectMs: 10_000,
  /** How long a target that has ended may take nothing of what was sent to it. */
  lastBytesMs: 5_000,
  /** The answer to a CONNECT; longer than the agent's own wait. */
  connectMs: 12_000,
  /** Gateways behind one name, and how often an agent looks whether there are others. */
  gatewaysOfNameMax: 64,
  lookUpMs: 5_000,
  /** An agent's connection to a gateway. */
  gatewayConnectMs: 3_000,
  /** The first pause before an agent tries again, and the longest; each is drawn between its half and its whole. */
  retryMs: 100,
  retryMsMax: 2_000,
  /** The pause after an answer that will not change by itself soon, such as another version. */
  refusedRetryMs: 15_000,
  /** What is under way when an agent is told to stop may end within this. */
  leaveMs: 5_000,
  /** A certificate of an agent; half of its life before its end it is renewed. */
  certificateLifeMs: 259_200_000,
  /** After an attempt that failed. */
  renewalRetryMs: 60_000,
  /** The gateway's own. */
  gatewayCertificateLifeMs: 2_592_000_000,
  gatewayCertificateRenewMs: 864_000_000,
  /** How far the clocks of both sides may be apart. */
  clockSkewMs: 3_600_000,
  /** An invitation. */
  invitationLifeMs: 3_600_000,
  invitationLifeMsMax: 604_800_000,
} as const
