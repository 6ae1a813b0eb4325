/** Numbers of the adversarial catalogue whose attacks are on the log: they need brokers, forgers or clocks of their own. */
export interface Elsewhere {
  readonly id: string
  readonly stake: string
  /** Files below the root, each with a part of the name of a test that is in it. */
  readonly tests: readonly (readonly [file: string, name: string])[]
}

const core = 'engine/core/src'
const journal = 'engine/journal/src'
const exporters = 'engine/exporters/src'

export const elsewhere: readonly Elsewhere[] = [
  {
    id: 'U1',
    stake: 'a log that is down, slow or without in-sync replicas lets nothing happen, and sessions stay',
    tests: [
      [
        'test/kafka/faults/brokers.test.ts',
        'two of three: every effect is refused in time, and served again after',
      ],
      [
        'test/contract/durability.test.ts',
        'with the log stopped every statement is refused, the session stays',
      ],
      [
        'test/contract/durability.test.ts',
        'waits for a late acknowledgement before its first byte goes upstream',
      ],
    ],
  },
  {
    id: 'U2',
    stake: 'a log that may lose what it acknowledged is not started on',
    tests: [
      ['test/kafka/topics.test.ts', 'one broker is refused unless it is allowed by name'],
      ['test/kafka/topics.test.ts', 'unclean elections are refused unless they are allowed'],
      [
        'test/kafka/faults/brokers.test.ts',
        'a killed leader loses nothing, doubles nothing, and keeps the order',
      ],
      [
        `${journal}/kafka/topic-sink.test.ts`,
        'acknowledges nothing of a partition that no broker answered for',
      ],
    ],
  },
  {
    id: 'U3',
    stake: 'a write that may have landed is no permission, and the log says what came of it',
    tests: [
      [`${core}/enforce.test.ts`, 'a decision that may land late is followed by ExchangeAbandoned'],
      ['test/contract/event-store.contract.ts', 'a deadline refuses its caller, and gives nothing up'],
    ],
  },
  {
    id: 'U4',
    stake: 'an effect whose answer could not be recorded ends the session, and is unknown after a crash',
    tests: [
      [`${core}/enforce.test.ts`, 'a capture that the log refuses cuts it and ends the session'],
      ['test/kafka/faults/gateway.test.ts', 'everything that was begun has one end'],
    ],
  },
  {
    id: 'U5',
    stake:
      'what is too large for a record is in chunks that were acknowledged first, or refused, and never cut',
    tests: [
      ['test/contract/content.contract.ts', 'content of any length is kept whole'],
      [`${core}/enforce.test.ts`, 'a long answer is captured in chunks'],
    ],
  },
  {
    id: 'U6',
    stake: 'a name or a statement cannot write lines of its own into the log or onto a terminal',
    tests: [
      [
        'engine/cli/src/event-line.test.ts',
        'hostile names cannot write lines, move the cursor or reverse the text',
      ],
      [`${exporters}/mappers/index.test.ts`, 'CEF is one line that can be taken apart, whatever is in it'],
    ],
  },
  {
    id: 'U7',
    stake: 'passwords and tokens are not in the log, not even sealed',
    tests: [
      ['test/acceptance/secrets.test.ts', 'are in nothing that was handed to the log, in any form'],
      [
        'adapters/postgres/src/redact/text.test.ts',
        'is in no encoding in what is recorded, wherever it stands',
      ],
      ['test/acceptance/redaction.test.ts', 'secret'],
    ],
  },
  {
    id: 'U8',
    stake: 'traces, metrics and errors hold no statement, no value and no secret',
    tests: [
      [
        'test/telemetry/content.test.ts',
        'holds no statement, no value, no secret and no name that a client gave itself',
      ],
      ['test/telemetry/gateway.test.ts', 'holds no statement, no value and nobody’s name'],
    ],
  },
  {
    id: 'U9',
    stake: 'what was removed, reordered, repeated, forked or cut is found, with its place',
    tests: [
      ['test/kafka/verify.test.ts', 'is found, with its place'],
      [`${journal}/verify.test.ts`, 'a tail that was cut is named, however cleanly'],
      [`${journal}/verify.test.ts`, 'a fork is named'],
    ],
  },
  {
    id: 'U10',
    stake: 'who may write to the topics cannot speak for a gateway',
    tests: [
      ['engine/projections/src/projections.test.ts', 'take no word of control that nobody signed'],
      ['engine/cli/src/policy-follower.test.ts', 'are not those that nobody signed'],
      [`${journal}/verify.test.ts`, 'a control event by somebody else is named'],
    ],
  },
  {
    id: 'U11',
    stake: 'a clock that is set back changes no order',
    tests: [['test/contract/event-store.contract.ts', 'a clock that is set back changes no order']],
  },
  {
    id: 'U12',
    stake: 'what is masked for the caller is masked in the log, and in what leaves it',
    tests: [
      ['test/exporters/gateway.test.ts', 'hold no values and no content'],
      ['test/acceptance/replay.test.ts', 'shows no value that was masked, in words or as JSON'],
    ],
  },
  {
    id: 'U13',
    stake: 'what must be forgotten cannot be read any more, and the log still verifies',
    tests: [
      ['test/contract/erasure.contract.ts', 'of a subject, and by a label of its targets'],
      [`${journal}/verify.test.ts`, 'data keys that are missing are named, those that were erased are not'],
    ],
  },
  {
    id: 'U14',
    stake: 'topics that forget by themselves are not taken',
    tests: [
      ['test/kafka/topics.test.ts', 'compaction of audit or control is refused whatever is allowed'],
      ['test/kafka/topics.test.ts', 'finite retention of audit or control is refused unless it is allowed'],
    ],
  },
  {
    id: 'U15',
    stake: 'records of another schema are refused or kept as they are, and never guessed',
    tests: [
      [
        `${journal}/kafka/wire.test.ts`,
        'whatever is changed or cut is read as the same events, other ones, or refused',
      ],
      ['test/contract/event-store.contract.ts', 'an event of an unknown type is kept as it is'],
    ],
  },
  {
    id: 'U16',
    stake: 'two gateways never write one stream, and one that slept performs nothing',
    tests: [
      ['test/kafka/gateways.test.ts', 'a killed gateway’s holds expire, and one that slept performs nothing'],
      ['test/contract/event-store.contract.ts', 'the next incarnation has the same writer, a later epoch'],
    ],
  },
  {
    id: 'U17',
    stake: 'a flood of refusals does not fill the log, and hides nothing that was performed',
    tests: [
      ['test/contract/flood.test.ts', 'fills no log'],
      ['test/contract/flood.test.ts', 'hides nothing that was performed in its midst'],
      [`${core}/denials.test.ts`, 'hides nothing that is performed or waits: such a batch is recorded whole'],
      [`${core}/budgets.test.ts`, 'is not renewed by making others come'],
      [`${core}/login-refusals.test.ts`, 'of all addresses so many, however many there are'],
      [`${core}/denials.test.ts`, 'a flood of requests that wait in vain'],
    ],
  },
  {
    id: 'U18',
    stake: 'a replay performs nothing, and a forged event replays nothing',
    tests: [
      ['engine/api/src/recordings.test.ts', 'an event is shown as forged'],
      ['engine/api/src/recordings.test.ts', 'what no gateway signed in the control stream is no kill'],
    ],
  },
]

/** The same over HTTP: names that change their minds, and a protocol that is not spoken. */
export const elsewhereOverHttp: readonly Elsewhere[] = [
  {
    id: 'H36',
    stake: 'a name leads to another address when it is dialled than when it was looked at',
    tests: [
      [
        'engine/cli/src/dial.test.ts',
        'a name that leads to this machine, to the link or to nobody is not followed',
      ],
      ['engine/cli/src/dial.test.ts', 'what the name says a moment later does not matter'],
      ['engine/cli/src/dial.test.ts', 'other spellings of an address are names'],
    ],
  },
  {
    id: 'H17',
    stake: 'floods of HTTP/2 use up the gateway, which speaks none',
    tests: [['test/catalogue/cases/http-framing.ts', 'PRI * HTTP/2.0']],
  },
]
