import type { Pseudonyms } from '@sluice/core/verdict'
import { Finder } from './finder.ts'
import { compilePath } from './path.ts'
import { pathTree, type PathNode } from './path-tree.ts'
import { distinctRules, type ContentRules } from './rules.ts'
import { SeenNames } from './seen-names.ts'
import type { Tally } from './tally.ts'
import { ValueMask } from './value-mask.ts'

/** Rules that are ready to be applied, to any number of contents. */
interface Compiled {
  readonly root: PathNode
  readonly finder: Finder
  /** Names of members in which detectors find nothing. */
  readonly cleanNames: SeenNames
}

/** The rules of one content, ready to be applied, and what they did. */
export interface Treatment extends Compiled {
  readonly tally: Tally
}

/** Under the same rules many contents pass: they are compiled once, for each key of pseudonyms. */
const known = new WeakMap<
  ContentRules,
  { readonly of: Pseudonyms | undefined; readonly compiled: Compiled }
>()

/** Throws `InvalidMask`. */
export function treatment(rules: ContentRules, pseudonyms: Pseudonyms | undefined, tally: Tally): Treatment {
  let entry = known.get(rules)
  if (entry?.of !== pseudonyms || entry === undefined) {
    entry = { of: pseudonyms, compiled: compile(rules, pseudonyms) }
    known.set(rules, entry)
  }
  return { ...entry.compiled, tally }
}

function compile(rules: ContentRules, pseudonyms: Pseudonyms | undefined): Compiled {
  const paths = rules.paths.map(({ path, request, rule }) => ({
    path: compilePath(path),
    mask: new ValueMask(path, request, rule, pseudonyms),
  }))
  const detectors = distinctRules(rules.detectors).map(({ detector, request, rule }) => ({
    detector,
    mask: new ValueMask(detector.name, request, rule, pseudonyms),
  }))
  return { root: pathTree(paths), finder: new Finder(detectors), cleanNames: new SeenNames() }
}

/** Content that comes in pieces of any size, rewritten. Both throw `Undecodable`. */
export interface Rewriter {
  push(piece: Buffer): Buffer
  end(): Buffer
}
