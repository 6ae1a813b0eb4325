/** The rule that every bundle answers with: `package/rule` (`policies/lib/decision.rego`). */
export const entrypoint = 'sluice/decision/result'
