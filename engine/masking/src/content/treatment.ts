import type { Pseudonyms } from '@sluice/core/verdict'
import { Finder } from './finder.ts'
import { compilePath } from './path.ts'
import { pathTree, type PathNode } from './path-tree.ts'
import type { ContentRules } from './rules.ts'
import { SeenNames } from './seen-names.ts'
import type { Tally } from './tally.ts'
import { ValueMask } from './value-mask.ts'

/** The rules of one content, ready to be applied, and what they did. */
export interface Treatment {
  readonly root: PathNode
  readonly finder: Finder
  readonly tally: Tally
  /** Names of members in which detectors find nothing. */
  readonly cleanNames: SeenNames
}

/** Throws `InvalidMask`. */
export function treatment(rules: ContentRules, pseudonyms: Pseudonyms | undefined, tally: Tally): Treatment {
  const paths = rules.paths.map(({ path, request, rule }) => ({
    path: compilePath(path),
    mask: new ValueMask(path, request, rule, pseudonyms),
  }))
  const detectors = rules.detectors.map(({ detector, request, rule }) => ({
    detector,
    mask: new ValueMask(detector.name, request, rule, pseudonyms),
  }))
  return { root: pathTree(paths), finder: new Finder(detectors), tally, cleanNames: new SeenNames() }
}

/** Content that comes in pieces of any size, rewritten. Both throw `Undecodable`. */
export interface Rewriter {
  push(piece: Buffer): Buffer
  end(): Buffer
}
