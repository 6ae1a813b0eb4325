/** What a user name says: the target, and as whom to log in there. */
export interface LoginName {
  /** `null`: as whom the gateway's credential is. */
  readonly login: string | null
  readonly target: string
}

/** Nothing that a shell or an option parser could take for something else. */
export const loginPattern: RegExp = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/
const target = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/

/** `<target>` or `<login>+<target>`; `null`: neither. */
export function loginNameOf(user: string): LoginName | null {
  const plus = user.lastIndexOf('+')
  const named = { login: plus < 0 ? null : user.slice(0, plus), target: user.slice(plus + 1) }
  if (!target.test(named.target)) return null
  return named.login === null || loginPattern.test(named.login) ? named : null
}
