import type { Elsewhere } from './elsewhere.ts'

const acceptance = 'test/acceptance/ssh'
const terminal = 'engine/terminal/src'
const sessions = 'engine/cli/src/commands/sessions'

/** Numbers of the adversarial catalogue whose attacks are on the protocol of SSH itself: they need clients of their own. */
export const elsewhereOfSsh: readonly Elsewhere[] = [
  {
    id: 'C10',
    stake: 'a second program on a channel, or one of many channels, runs without being judged',
    tests: [
      [`${acceptance}/hostile.test.ts`, 'C10 one channel runs one program'],
      [`${acceptance}/hostile.test.ts`, 'C10 many channels on one connection are judged each for itself'],
    ],
  },
  {
    id: 'C12',
    stake: 'the agent or the display of a caller is in reach of the target',
    tests: [[`${acceptance}/hostile.test.ts`, 'C12 neither an agent nor a display is forwarded']],
  },
  {
    id: 'C13',
    stake: 'messages are cut from the beginning of a connection (Terrapin)',
    tests: [
      [`${acceptance}/hostile.test.ts`, 'C13 key exchange is strict, and only what is modern is offered'],
      [`${acceptance}/hostile.test.ts`, 'C13 both sides of the gateway agree on it with OpenSSH'],
    ],
  },
  {
    id: 'C14',
    stake: 'who never logs in keeps the door busy',
    tests: [[`${acceptance}/hostile.test.ts`, 'C14 who says nothing, or not who they are, does not stay']],
  },
  {
    id: 'C15',
    stake: 'an old algorithm is agreed on',
    tests: [[`${acceptance}/hostile.test.ts`, 'C15 who can do nothing modern gets no connection']],
  },
  {
    id: 'C16',
    stake: 'another host stands in for the target',
    tests: [
      [`${acceptance}/waits.test.ts`, 'C16 a target that shows another host key gets nothing'],
      [
        `${acceptance}/certified-hosts.test.ts`,
        'of another authority is not believed, nor a plain key where one is certified',
      ],
      [
        'adapters/ssh/src/library/host-certificates.test.ts',
        'that everybody can see is of no use to a host without its key',
      ],
    ],
  },
  {
    id: 'C17',
    stake: 'a user name means more than a target and a login',
    tests: [
      [`${acceptance}/login.test.ts`, 'C17 a user name that is no name opens nothing'],
      [`${acceptance}/login.test.ts`, 'whom callers may be at the target is for the operator to say'],
    ],
  },
  {
    id: 'C19',
    stake: 'a token that was typed is written down',
    tests: [
      [`${acceptance}/hostile.test.ts`, 'C19 the token is nowhere in the log'],
      [`${acceptance}/shell.test.ts`, 'a typed password is not'],
    ],
  },
  {
    id: 'C20',
    stake: 'a caller breaks the rules of channels and windows and gains by it',
    tests: [
      [`${acceptance}/exec.test.ts`, 'C20 a large input is whole although its keys change on the way'],
      [`${acceptance}/hostile.test.ts`, 'C20 what comes behind the end, or more than was asked for'],
    ],
  },
  {
    id: 'C23',
    stake: 'a signal is not judged, or does not arrive',
    tests: [[`${acceptance}/hostile.test.ts`, 'C23 a signal reaches the program, is judged and recorded']],
  },
  {
    id: 'C24',
    stake: 'a recorded terminal acts on the one that replays it',
    tests: [
      [`${terminal}/screen.test.ts`, 'everything else is dropped, whole or cut into pieces'],
      [`${terminal}/screen.test.ts`, 'a string that is not ended swallows text, and says nothing'],
      [`${sessions}/painter.test.ts`, 'C24 nothing that a host printed reaches the terminal of who looks on'],
      [
        `${acceptance}/played.test.ts`,
        'C24 a terminal is played as it was, and nothing that the host printed acts',
      ],
    ],
  },
  {
    id: 'C25',
    stake: 'variables or windows without measure wear the gateway down',
    tests: [
      [`${acceptance}/hostile.test.ts`, 'C25 more variables than anybody needs are not taken'],
      [`${acceptance}/hostile.test.ts`, 'C25 a flood of windows reaches no program'],
    ],
  },
]
