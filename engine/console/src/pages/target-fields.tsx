import type { JSX } from 'preact'
import type { TargetForm } from '../target-entry.ts'
import { ChoiceField, Field } from '../views/field.tsx'

/** What is wrong, by field. */
export type Wrong = { readonly [Name in keyof TargetForm]?: string }

interface FieldsProps {
  readonly form: TargetForm
  readonly wrong: Wrong
  readonly change: (part: Partial<TargetForm>) => void
}

type Option = readonly [value: string, name: string]

const protocols: readonly Option[] = [
  ['postgres', 'PostgreSQL'],
  ['http', 'HTTP API'],
  ['ssh', 'SSH host'],
]
const places: readonly Option[] = [
  ['env', 'a variable of the gateway'],
  ['file', 'a file of the gateway'],
  ['vault', 'Vault or OpenBao'],
  ['aws', 'AWS Secrets Manager'],
  ['gcp', 'Google Secret Manager'],
  ['azure', 'Azure Key Vault'],
]
const authentications: readonly Option[] = [
  ['bearer', 'Authorization: Bearer'],
  ['basic', 'user and password'],
  ['none', 'none'],
]
const encryptions: readonly Option[] = [
  ['verify-full', 'TLS, certificate checked'],
  ['disable', 'none: in clear'],
]

const addresses: Readonly<Record<string, string>> = {
  postgres: 'db.internal:5432',
  http: 'api.internal:443',
  ssh: 'host.internal:22',
}

/** The fields of a new target, those of its protocol among them. */
export function TargetFields(props: FieldsProps): JSX.Element {
  const { protocol, authentication } = props.form
  const isHttp = protocol === 'http'
  return (
    <div class="fields">
      <Choice {...props} name="protocol" label="Protocol" options={protocols} />
      <Text
        {...props}
        name="name"
        label="Name"
        hint="What applications name: the database of a connection string, the first word of a path, the user of ssh."
      />
      <Text
        {...props}
        name="address"
        label="Address"
        placeholder={addresses[protocol]}
        hint="Host and port, as the gateway or its agent reaches it."
      />
      {protocol === 'postgres' ? (
        <>
          <Text {...props} name="database" label="Database" />
          <Text
            {...props}
            name="schemas"
            label="Schemas"
            placeholder="public"
            hint="The search path; public when it is empty."
          />
        </>
      ) : null}
      {isHttp ? (
        <Text
          {...props}
          name="base_path"
          label="Base path"
          placeholder="/v1"
          hint="Stands in front of every path; may be empty."
        />
      ) : null}
      {protocol === 'ssh' ? (
        <Text
          {...props}
          name="host_key"
          label="Host key"
          placeholder="ssh-ed25519 AAAA…"
          hint="The line of /etc/ssh/ssh_host_ed25519_key.pub there. Nobody is trusted at first sight."
        />
      ) : (
        <Choice {...props} name="tls" label="Encryption" options={encryptions} />
      )}
      {isHttp ? (
        <Choice {...props} name="authentication" label="Credential is shown as" options={authentications} />
      ) : null}
      {isHttp && authentication !== 'basic' ? null : (
        <Text {...props} name="user" label="User" hint="Whom the gateway logs in as." />
      )}
      {isHttp && authentication === 'none' ? null : <Secret {...props} />}
      <Text
        {...props}
        name="via"
        label="Agent"
        placeholder="none: directly"
        hint="The name of the agents by which it is reached."
      />
      <Text
        {...props}
        name="labels"
        label="Labels"
        placeholder="env=prod, team=data"
        hint="Policies see them."
      />
    </div>
  )
}

function Secret(props: FieldsProps): JSX.Element {
  return (
    <fieldset class="secret">
      <legend>Secret</legend>
      <div class="secret-parts">
        <Choice {...props} name="place" label="It is in" options={places} />
        <Text
          {...props}
          name="secret"
          label="Named"
          hint="A reference, never the secret itself. The gateways list where it may be (api.target_secrets)."
        />
      </div>
    </fieldset>
  )
}

function Text({
  form,
  wrong,
  change,
  name,
  label,
  hint,
  placeholder,
}: FieldsProps & {
  readonly name: keyof TargetForm
  readonly label: string
  readonly hint?: string
  readonly placeholder?: string | undefined
}): JSX.Element {
  const said = wrong[name]
  return (
    <Field
      label={label}
      {...(hint === undefined ? {} : { hint })}
      {...(said === undefined ? {} : { wrong: said })}
    >
      {(of) => (
        <input
          {...of}
          class="input"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          value={form[name]}
          placeholder={placeholder ?? ''}
          onInput={(event) => change({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  )
}

function Choice({
  form,
  wrong,
  change,
  name,
  label,
  options,
}: FieldsProps & {
  readonly name: keyof TargetForm
  readonly label: string
  readonly options: readonly Option[]
}): JSX.Element {
  const said = wrong[name]
  return (
    <ChoiceField
      label={label}
      value={form[name]}
      options={options}
      choose={(value) => change({ [name]: value })}
      {...(said === undefined ? {} : { wrong: said })}
    />
  )
}
