import { policyFiles, revisionName } from './policies.ts'
import {
  answers,
  anything,
  count,
  flag,
  idOf,
  list,
  map,
  nullable,
  object,
  oneOf,
  options,
  short,
  text,
  time,
  type JsonSchema,
  type RouteSchema,
} from './schema.ts'

const findings = list(object({ file: text, row: count, col: count, code: text, message: text }))

/** What is asked for where the policies can be used, and otherwise why not. */
function usable(more: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { ...options({ ok: flag, findings, ...more }), required: ['ok', 'findings'] }
}

function body(more: Readonly<Record<string, JsonSchema>>, ...required: readonly string[]): JsonSchema {
  return { ...options(more), required }
}

export const filesSchema: RouteSchema = {
  summary:
    'The files of a policy revision, as they can be sent again; tests are kept in the policy folder alone',
  params: object({ revision: revisionName }),
  response: answers(object({ revision: text, files: map(text) }), 403, 404),
}

export const checkSchema: RouteSchema = {
  summary: 'What is wrong with policies that are not in force',
  body: body({ files: policyFiles }, 'files'),
  response: answers(object({ ok: flag, findings }), 403, 413),
}

export const testSchema: RouteSchema = {
  summary: 'Runs the tests and tables of policies that are not in force; one compiles at a time',
  body: body(
    { files: policyFiles, filter: { ...text, maxLength: 200, description: 'A pattern for package.name.' } },
    'files',
  ),
  response: answers(
    usable({
      passed: flag,
      revision: text,
      tests: list(
        object({
          file: text,
          row: count,
          package: text,
          name: text,
          outcome: oneOf('passed', 'failed', 'errored', 'skipped'),
          output: text,
        }),
      ),
      cases: list(object({ file: text, row: count, name: text, problems: list(text) })),
      coverage: list(
        object({
          file: text,
          percent: { type: 'number' },
          covered: list(list({ type: 'integer' })),
          missed: list(list({ type: 'integer' })),
        }),
      ),
    }),
    403,
    413,
  ),
}

const draft = { files: policyFiles, revision: revisionName }

export const evaluateSchema: RouteSchema = {
  summary: 'Judges a recorded exchange once more, by files or a revision: why it was decided as it was',
  description:
    '`read` is what the policies can read of the request, as JSON text. Values of statements and bodies are not in it: the log keeps them sealed.',
  body: body({ ...draft, session: short, exchange: short }, 'session', 'exchange'),
  response: answers(
    usable({
      decision: text,
      revision: text,
      actions: list(
        object({ action: text, recorded: anything, now: anything, fault: nullable(text), read: text }),
      ),
    }),
    403,
    404,
    413,
  ),
}

const job = object({
  id: text,
  state: oneOf('running', 'done', 'failed', 'stopped'),
  by: text,
  started_at: time,
  ended_at: nullable(time),
  decided: count,
  report: { ...nullable(map(anything)), description: 'As of `sluice policy what-if --json`.' },
  findings,
  error: nullable(text),
})

export const jobStartSchema: RouteSchema = {
  summary: 'Begins to judge what the log holds once more, by files or a revision',
  body: options({ ...draft, since_ms: count, until_ms: count, target: short }),
  response: answers(job, 403, 413),
}

const ofJob = idOf('wif')

export const jobSchema: RouteSchema = {
  summary: 'How far that is, and what came of it; at the gateway that was asked',
  params: ofJob,
  response: answers(job, 403, 404),
}

export const jobStopSchema: RouteSchema = {
  summary: 'Stops it',
  params: ofJob,
  response: answers(job, 403, 404),
}
