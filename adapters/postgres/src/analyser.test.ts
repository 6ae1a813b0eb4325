import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import type { Session } from '@sluice/core'
import { Analyser, type Names } from './analyser.ts'
import { AnalysisThread } from './analysis-thread.ts'
import { catalogueOf, type Catalogue } from './catalogue.ts'
import { CatalogueSource } from './catalogue-source.ts'
import { sqlLimits } from './limits.ts'
import type { PostgresSettings } from './target.ts'

const session = {} as Session<PostgresSettings>
const names: Names = { searchPaths: [['public']], tempTables: new Set(), schemas: ['public'], key: '' }
const long = 'select name from people' + ' '.repeat(sqlLimits.statementInlineBytesMax)

const thread = new AnalysisThread()
after(() => thread.close())

/** Each read shows the column that has the name then. */
function pictureOf(column: number): Catalogue {
  return catalogueOf({
    relations: [['1000', 'public', 'people', column % 2 === 0 ? 'r' : 'v']],
    columns: [['1000', String(column), 'name', '25']],
    inherits: [],
    functions: [],
    operators: [],
    types: [],
    fields: [],
  })
}

/** An analyser whose target changes while a text is in the thread, as often as that is said. */
async function changing(times: number): Promise<{ analyser: Analyser; pictures: readonly Catalogue[] }> {
  const pictures: Catalogue[] = []
  const source = new CatalogueSource(() => {
    const picture = pictureOf(pictures.length + 1)
    const { relations } = picture
    let asked = false
    const { length } = pictures
    const told = {
      has: (key: string) => relations.has(key),
      get: (key: string) => {
        if (!asked && length < times) source.changedElsewhere()
        asked = true
        return relations.get(key)
      },
    }
    pictures.push({ ...picture, relations: told as Catalogue['relations'] })
    return Promise.resolve(pictures.at(-1) ?? picture)
  })
  await source.current(session)
  return { analyser: new Analyser(source, thread), pictures }
}

test('a long text is judged by the target as it is when its analysis is there', async () => {
  const { analyser, pictures } = await changing(2)
  const analysed = await analyser.analyse(long, names, session)
  assert.equal(pictures.length, 3)
  assert.equal(analysed.catalogue, pictures[2])
  assert.equal(analysed.analysis.objection, null)
  const again = await analyser.analyse(long, names, session)
  assert.equal(again.analysis, analysed.analysis, 'it is remembered')
})

test('one whose target does not come to rest is refused', async () => {
  const { analyser } = await changing(Infinity)
  const { analysis } = await analyser.analyse(long, names, session)
  assert.equal(analysis.objection?.code, 'too_many')
  assert.equal(analysis.refused, '[redacted]')
})
