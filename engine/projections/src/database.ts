import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Projection } from './projection.ts'

const meta = `
  create table meta (key text primary key, value text not null) strict;
  create table heads (
    writer text not null, epoch integer not null, stream text not null, seq integer not null,
    primary key (writer, epoch, stream)
  ) strict, without rowid;
`

/**
 * The file of the read models. It holds nothing that is not in the log: one that is damaged, or was made by other
 * versions of the models, is thrown away.
 */
export function openDatabase(
  file: string,
  projections: readonly Projection[],
  report: (what: string, error: unknown) => void,
): DatabaseSync {
  const versions = projections.map(({ name, version }) => `${name} ${version}`).join(', ')
  try {
    const db = configured(file)
    if (isCurrent(db, versions)) return db
    db.close()
  } catch (error) {
    report(`${file} is not readable: what it held is read from the log again`, error)
  }
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
  const db = configured(file)
  db.exec(`begin; ${meta} ${projections.map(({ tables }) => tables).join('\n')}`)
  db.prepare('insert into meta values (?, ?)').run('versions', versions)
  db.exec('commit')
  return db
}

function configured(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  // What a crash of the machine loses of the last transactions is read from the log again.
  db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma busy_timeout = 2000')
  return db
}

function isCurrent(db: DatabaseSync, versions: string): boolean {
  const found = db.prepare("select name from sqlite_master where name = 'meta'").get()
  if (found === undefined) return false
  const [check] = db.prepare('pragma quick_check').all()
  if (check?.['quick_check'] !== 'ok') throw new Error('the file is damaged')
  return db.prepare('select value from meta where key = ?').get('versions')?.['value'] === versions
}
