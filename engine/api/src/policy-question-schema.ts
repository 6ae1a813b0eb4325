import { revisionName } from './policies.ts'
import {
  answers,
  anything,
  count,
  flag,
  list,
  nullable,
  object,
  oneOf,
  options,
  short,
  text,
  time,
  type RouteSchema,
} from './schema.ts'

const rules = list(
  object({
    file: text,
    row: count,
    package: text,
    name: text,
    id: { ...text, description: 'By which verdicts name it; empty for a rule that only helps others.' },
    held: flag,
    tried: count,
    value: { ...text, description: 'What it gave last, as JSON text, cut where it is long.' },
    failed: nullable(
      object({
        row: count,
        text,
        values: list(object({ name: text, value: text })),
        uses: list(text),
      }),
    ),
  }),
)

export const explainSchema: RouteSchema = {
  summary: 'Why a recorded exchange was decided as it was: each rule, and the condition at which it ended',
  description:
    'By the policies that decided, or by a revision. `withheld` are fields of the action that the log keeps sealed: a rule that looks at one of them saw another value then.',
  querystring: {
    ...options({ session: short, exchange: short, revision: revisionName }),
    required: ['session', 'exchange'],
  },
  response: answers(
    object({
      decision: text,
      revision: text,
      by: text,
      actions: list(
        object({ action: text, recorded: anything, explained: anything, withheld: list(text), rules }),
      ),
    }),
    403,
    404,
    409,
  ),
}

export const canSchema: RouteSchema = {
  summary: 'What a subject, or anybody of some groups, can do at a target by the policies in force',
  description:
    'One request of each kind that the adapter knows, and what the subject asked for before, judged as the first one of somebody who has done nothing yet. Samples prove nothing of what they are no sample of.',
  querystring: {
    ...options({
      target: short,
      subject: short,
      groups: { ...text, maxLength: 2_000, description: 'Parted by commas, instead of a subject.' },
      type: { ...oneOf('human', 'service'), default: 'service' },
    }),
    required: ['target'],
  },
  response: answers(
    object({
      revision: text,
      subject: nullable(text),
      type: text,
      groups: list(text),
      grants: list(text),
      target: text,
      protocol: text,
      sealed: { ...count, description: 'Recorded requests that cannot be judged: their values are sealed.' },
      at: time,
      requests: list(
        object({
          what: text,
          action: text,
          origin: oneOf('sample', 'recorded'),
          times: count,
          last_at: nullable(time),
          effect: oneOf('allow', 'deny', 'hold'),
          rule: text,
          message: text,
          masks: list(object({ place: text, method: text, rule: text })),
          approvers: list(text),
          quorum: count,
          fault: nullable(text),
        }),
      ),
    }),
    403,
    404,
  ),
}
