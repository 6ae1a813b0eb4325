import { withoutSecrets } from '@sluice/core'

type Report = (what: string, error: unknown) => void

/** Reports end on a terminal or in a file that nobody seals: an error's words may quote what was sent. */
export function secretFree(report: Report): Report {
  return (what, error) => {
    const words = error instanceof Error ? error.message : String(error)
    const clear = withoutSecrets(words)
    report(what, clear === words ? error : new Error(clear))
  }
}
