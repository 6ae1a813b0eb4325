import type { Subject } from '@sluice/core'

/** A whole subject in few bytes: everything must fit in `limits.gatewayTokenBytesMax`, groups and claims included. */
export interface SubjectPayload {
  readonly sub: string
  readonly typ: Subject['type']
  readonly iss: string
  readonly grp?: Subject['groups']
  readonly clm?: Subject['claims']
  readonly obo?: string
}

export function subjectPayload(subject: Subject): SubjectPayload {
  const { groups, claims, on_behalf_of: onBehalfOf } = subject
  return {
    sub: subject.id,
    typ: subject.type,
    iss: subject.issuer,
    ...(groups.length > 0 && { grp: groups }),
    ...(Object.keys(claims).length > 0 && { clm: claims }),
    ...(onBehalfOf !== null && { obo: onBehalfOf }),
  }
}

export function subjectIn({ sub, typ, iss, grp, clm, obo }: SubjectPayload): Subject {
  return {
    id: sub,
    type: typ,
    issuer: iss,
    groups: grp ?? [],
    claims: clm ?? {},
    on_behalf_of: obo ?? null,
  }
}
