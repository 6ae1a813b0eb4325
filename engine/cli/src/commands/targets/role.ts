import { roleSql } from '@sluice/postgres'
import { UsageError } from '../../command.ts'
import type { TargetValues } from '../targets.ts'

/** SQL for whoever owns the database. Throws `UsageError`. */
export function roleText(role: string, { database, schema = ['public'], write }: TargetValues): string {
  if (database === undefined) throw new UsageError('name the database: --database <name>')
  return roleSql({ role, database, schemas: schema, access: write ? 'write' : 'read' })
}
