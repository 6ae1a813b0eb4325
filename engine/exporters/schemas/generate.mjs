import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Writes what the tests need of the published OCSF schema (github.com/ocsf/ocsf-schema, Apache-2.0) into
 * `ocsf-1.8.0.json`: the classes that are exported, the objects in them, and of each attribute its type, whether it
 * is required, and its enumeration.
 *
 *     node engine/exporters/schemas/generate.mjs <clone of ocsf-schema> <commit of 1.8.0>
 */
const [clone, commit] = process.argv.slice(2)
if (commit === undefined) throw new Error('usage: generate.mjs <clone> <commit>')
const read = (path) =>
  JSON.parse(execFileSync('git', ['-C', clone, 'show', `${commit}:${path}`], { encoding: 'utf8' }))
const list = (folder) =>
  execFileSync('git', ['-C', clone, 'ls-tree', '-r', '--name-only', commit, folder], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => name.endsWith('.json'))

const dictionary = read('dictionary.json').attributes
const categories = read('categories.json').attributes
const byName = (folder) =>
  new Map(
    list(folder)
      .map((path) => read(path))
      .map((each) => [each.name, each]),
  )
const events = byName('events')
for (const each of list('events').map(read)) if (!events.has(each.name)) events.set(each.name, each)
const objects = byName('objects')
const classes = [
  'datastore_activity',
  'http_activity',
  'ssh_activity',
  'file_hosting',
  'authentication',
  'api_activity',
  'user_access',
  'detection_finding',
]

function attributesOf(found, all) {
  const { extends: base, attributes = {} } = found
  const inherited = base === undefined || !all.has(base) ? {} : attributesOf(all.get(base), all)
  const included = (attributes.$include ?? []).map((path) => {
    const profile = attributesOf(read(path), all)
    // What another profile requires is required where that profile is named, and none of these is.
    if (path.endsWith('security_control.json')) return profile
    return Object.fromEntries(
      Object.entries(profile).map(([name, attribute]) => [name, { ...attribute, requirement: 'optional' }]),
    )
  })
  const own = Object.fromEntries(Object.entries(attributes).filter(([name]) => name !== '$include'))
  const merged = { ...inherited }
  for (const part of [...included, own])
    for (const [name, attribute] of Object.entries(part)) {
      const before = merged[name] ?? {}
      merged[name] = {
        ...before,
        ...attribute,
        enum: before.enum || attribute.enum ? { ...before.enum, ...attribute.enum } : undefined,
      }
    }
  return merged
}

const used = new Set()
function compact(attributes) {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, attribute]) => {
      const { type, is_array: many = false, enum: general } = dictionary[name] ?? {}
      const values = attribute.enum ?? general
      if (objects.has(type)) used.add(type)
      return [
        name,
        {
          type: objects.has(type) ? `object:${type}` : type,
          ...(many ? { many } : {}),
          ...(attribute.requirement === 'required' ? { required: true } : {}),
          ...(values === undefined ? {} : { enum: Object.keys({ ...general, ...values }) }),
        },
      ]
    }),
  )
}

function constraintOf(found, all) {
  return found.constraints ?? (all.has(found.extends) ? constraintOf(all.get(found.extends), all) : undefined)
}

function categoryOf(found) {
  return found.category ?? (events.has(found.extends) ? categoryOf(events.get(found.extends)) : undefined)
}

const schema = { version: read('version.json').version, licence: 'Apache-2.0', classes: {}, objects: {} }
for (const name of classes) {
  const found = events.get(name)
  const uid = categories[categoryOf(found)].uid * 1_000 + found.uid
  const attributes = compact(attributesOf(found, events))
  // The published schema derives these of each class.
  attributes.class_uid.enum = [String(uid)]
  attributes.category_uid.enum = [String(Math.floor(uid / 1_000))]
  attributes.type_uid.enum = attributes.activity_id.enum.map((activity) =>
    String(uid * 100 + Number(activity)),
  )
  schema.classes[uid] = {
    name,
    attributes,
    constraints: constraintOf(found, events),
  }
}
// Objects are read three levels deep: no mapper nests further.
for (let level = 0; level < 3; level++)
  for (const name of Array.from(used))
    schema.objects[name] ??= {
      attributes: compact(attributesOf(objects.get(name), objects)),
      constraints: constraintOf(objects.get(name), objects),
    }
const wanted = new Set([
  'actor',
  'api',
  'authorization',
  'database',
  'endpoint',
  'finding_info',
  'group',
  'http_request',
  'http_response',
  'metadata',
  'network_endpoint',
  'policy',
  'product',
  'query_info',
  'resource_details',
  'service',
  'session',
  'table',
  'url',
  'user',
  'request',
  'response',
  'file',
  'databucket',
  'evidences',
])
for (const name of Object.keys(schema.objects)) if (!wanted.has(name)) delete schema.objects[name]
const target = fileURLToPath(new URL('ocsf-1.8.0.json', import.meta.url))
writeFileSync(target, `${JSON.stringify(schema)}\n`)
