import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInDetectors, type Detector } from '@sluice/masking'
import { labelled, type Labelled } from './labelled.ts'

/**
 * How well each detector does on texts of our own making: what it must not fall below. They guard against steps back; what
 * the figures would be on the texts of a company, they do not tell. Of numbers of sixteen random digits three in a hundred
 * pass for cards.
 */
const floors: Readonly<Record<string, { readonly precision: number; readonly recall: number }>> = {
  card: { precision: 0.97, recall: 1 },
  ssn: { precision: 0.99, recall: 1 },
  email: { precision: 0.99, recall: 0.99 },
  iban: { precision: 0.99, recall: 1 },
  phone: { precision: 0.97, recall: 0.99 },
  key: { precision: 0.99, recall: 1 },
  private_key: { precision: 1, recall: 1 },
}

for (const [name, detector] of builtInDetectors)
  test(`${name}: precision and recall on labelled texts`, (t) => {
    const texts = labelled(name)
    const { right, wrong, missed } = judge(detector, texts)
    const precision = right / (right + wrong.length)
    const recall = right / (right + missed.length)
    t.diagnostic(
      `${name}: precision ${precision.toFixed(4)}, recall ${recall.toFixed(4)}, ${texts.length} texts`,
    )
    const floor = floors[name]
    assert.ok(floor !== undefined, 'each detector has its floors')
    assert.ok(recall >= floor.recall, `missed:\n${missed.slice(0, 20).join('\n')}`)
    assert.ok(precision >= floor.precision, `wrong:\n${wrong.slice(0, 20).join('\n')}`)
  })

test('what is found in a text is found among others too, with what parts them between', () => {
  for (const [name, detector] of builtInDetectors) {
    const texts = labelled(name).map(({ text }) => text)
    for (let at = 0; at + 2 < texts.length; at += 3) {
      const [before = '', text = '', behind = ''] = texts.slice(at, at + 3)
      const from = before.length + 1
      const among = detector.find([before, text, behind].join('\0'))
      for (const { start, end } of detector.find(text))
        assert.ok(
          among.some((found) => found.start < from + end && found.end > from + start),
          `${name}: ${text.slice(start, end)} behind ${before}`,
        )
    }
  }
})

/** A value counts as found when nothing of it stays outside and nothing more is taken. */
function judge(detector: Detector, texts: readonly Labelled[]) {
  let right = 0
  const wrong: string[] = []
  const missed: string[] = []
  for (const { text, values } of texts) {
    const found = detector.find(text).map(({ start, end }) => text.slice(start, end))
    right += values.filter((value) => found.includes(value)).length
    missed.push(...values.filter((value) => !found.includes(value)).map((value) => `${value} in ${text}`))
    wrong.push(...found.filter((value) => !values.includes(value)).map((value) => `${value} in ${text}`))
  }
  return { right, wrong, missed }
}
