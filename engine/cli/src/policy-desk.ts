import type { PolicyDrafts, PolicyQuestions } from '@sluice/api'
import { WarmCompiler } from '@sluice/policy'
import { openPolicyDrafts, type DraftPorts } from './policy-drafts.ts'
import { openPolicyQuestions, type QuestionPorts } from './policy-questions.ts'

type DeskPorts = Omit<DraftPorts & QuestionPorts, 'compiler'>

/** Whatever is asked of policies beside their being in force; one compiler answers all of it, and is gone when it idles. */
export interface PolicyDesk extends AsyncDisposable {
  readonly drafts: PolicyDrafts
  readonly questions: PolicyQuestions
}

export function openPolicyDesk(ports: DeskPorts): PolicyDesk {
  const compiler = new WarmCompiler(ports.cache, ports.clock)
  return {
    drafts: openPolicyDrafts({ ...ports, compiler }),
    questions: openPolicyQuestions({ ...ports, compiler }),
    [Symbol.asyncDispose]: () => compiler[Symbol.asyncDispose](),
  }
}
