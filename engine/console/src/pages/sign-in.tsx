import type { JSX } from 'preact'
import { place } from '../location.ts'
import { issuers, signInPath } from '../sign-in.ts'
import { Shown, useResource } from '../views/resource.tsx'
import { Brand } from '../views/shell.tsx'

/** How a sign-in ends that did not work, as the gateway says it in the address. */
const problems: Readonly<Record<string, string>> = {
  denied: 'The provider says that you declined. Nobody was signed in.',
  expired: 'That took too long, or was used already, or began in another browser. Try again.',
  unreachable: 'The identity provider does not answer. Try again in a moment.',
  refused: 'The provider’s answer is not good here: ask who runs the gateway. Its log says why.',
}

/** Nobody is signed in: who can tell the gateway who somebody is, is its configuration's to say. */
export function SignIn(): JSX.Element {
  const found = useResource(issuers, [])
  const problem = place.value.query['problem']
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <span class="sign-in-brand">
          <Brand />
        </span>
        <h1>Sign in to Sluice</h1>
        <p class="quiet">See what AI applications are doing, and decide on what waits for you.</p>
        {problem === undefined ? null : (
          <p class="note deny sign-in-problem" role="alert">
            {problems[problem] ?? problems['refused']}
          </p>
        )}
        <Shown of={found}>
          {(list) =>
            list.length === 0 ? (
              <p class="note">
                No identity provider is configured for people. Name one in the gateway’s configuration:{' '}
                <code>identity.issuers[].console</code>.
              </p>
            ) : (
              <div class="stack-s">
                {list.map(({ name, kind, label }, index) => (
                  <a key={name} class={index === 0 ? 'button main' : 'button'} href={signInPath(name)}>
                    Continue with {label} <span class="small">{kind === 'saml' ? 'SAML' : 'OpenID'}</span>
                  </a>
                ))}
              </div>
            )
          }
        </Shown>
      </div>
    </main>
  )
}
