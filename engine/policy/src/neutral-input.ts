import type { Facts, PolicyInput } from '@sluice/core'

const counted = { requests: 0, denied: 0, rows: 0, bytes: 0, tokens: 0, cost_micros: 0 }
const nothingDone: Facts = { ...counted, classes: [], as_of_ms: 0 }

/** A complete input document of nobody in particular: what a new bundle must be able to judge, and where cases start. */
export const neutralInput: PolicyInput = {
  version: 1,
  request_id: 'req_00000000000000000000000000',
  time: { now_ms: 1_767_268_800_000, weekday: 'thursday', hour: 12 },
  subject: {
    id: 'https://issuer.example#nobody',
    type: 'service',
    issuer: 'https://issuer.example',
    groups: [],
    claims: {},
    on_behalf_of: null,
    facts: nothingDone,
  },
  client: { ip: '127.0.0.1', application: null },
  target: { name: 'shop', protocol: 'postgres', labels: {} },
  action: {
    name: 'sql.select',
    kind: 'select',
    of: null,
    read_only: true,
    prepare: false,
    transaction: 'none',
    template_hash: '',
    relations: [],
    functions: [],
    objects: [],
    has_where: null,
    parameters: [],
    method: '',
    route: '',
    operation_id: null,
    path: '',
    segments: [],
    query: {},
    headers: {},
    body: null,
    body_kind: 'none',
    body_type: null,
    body_bytes: 0,
    graphql: [],
    parts: [],
    profile: null,
    llm: null,
  },
  session: {
    id: 'ses_00000000000000000000000000',
    facts: { ...counted, in_flight: 1 },
  },
  run: { id: null, trace_id: null, verified: false, facts: nothingDone },
  approvals: [],
  grants: [],
}
