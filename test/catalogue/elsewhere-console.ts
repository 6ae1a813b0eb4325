import type { Elsewhere } from './elsewhere.ts'

/** Numbers of the adversarial catalogue whose attacks are on the page of a person: they need a browser. */
export const elsewhereOfConsole: readonly Elsewhere[] = [
  {
    id: 'A12',
    stake: 'what a stranger wrote runs in the browser of who looks at it, or in their spreadsheet',
    tests: [
      ['test/console/recordings.ts', 'what is hostile in it is inert'],
      ['test/console/console.test.ts', 'is asked to sign in, and nothing inline runs'],
      ['test/console/bundle.test.ts', 'no source writes markup: texts of strangers are texts'],
      ['engine/api/src/console/pages.test.ts', 'a page runs nothing but our own files and is in no frame'],
    ],
  },
]
