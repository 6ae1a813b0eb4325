import { refusal, Refused } from '@sluice/core'

const charsMax = 1_024

/**
 * A page of the console, with its query and fragment; never an address elsewhere, and nothing that a browser might take
 * for one (`//host`, `/\host`, controls). Throws `Refused`.
 */
export function returnTo(given: string, publicUrl: URL): string {
  const isPath = /^\/(?![/\\])[\u0021-\u007e]*$/.test(given) && !given.includes('\\')
  if (!isPath || given.length > charsMax) refuseElsewhere()
  const url = new URL(given, publicUrl)
  // Signing in is not a page, nor is a resource; and `/.//host` becomes `//host`.
  if (url.origin !== publicUrl.origin || /^\/(?:\/|(?:console|v1)(?:\/|$))/.test(url.pathname))
    refuseElsewhere()
  return `${url.pathname}${url.search}${url.hash}`
}

function refuseElsewhere(): never {
  throw new Refused(
    refusal('malformed', 'api/return_to', 'return_to must be the path of a page of this console.'),
  )
}
