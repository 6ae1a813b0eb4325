import { tokensOf, type Rule, type Token } from './tokens.ts'

const keywords = new Set(
  `all alter analyze and any array as asc begin between by call cascade case cast check close cluster column commit concurrently
conflict constraint copy create cross current cursor database deallocate declare default delete desc distinct do domain drop else
end except execute exists explain extension false fetch filter first for foreign from full function grant group having if ilike in
index inner insert intersect interval into is isolation join key language last lateral left like limit listen lock materialized merge
move natural next not nothing notify null nulls of offset on only or order outer over owner partition policy prepare primary
procedure recursive references refresh reindex release rename replace reset restrict returning returns revoke right role rollback
row rows savepoint schema select sequence session set show similar some start table tablesample temporary then to transaction
trigger true truncate type union unique unlisten update user using vacuum values view when where window with`.split(
    /\s+/,
  ),
)

/** PostgreSQL nests comments; whoever nests deeper than this sees code where there is none, never the other way round. */
const nestedMax = 4

function comment(depth: number): string {
  const inner = depth === 0 ? '' : `|${comment(depth - 1)}`
  return `\\/\\*(?:[^*/]|\\*(?!\\/)|\\/(?!\\*)${inner})*\\*\\/`
}

const rules: readonly Rule[] = [
  { kind: 'comment', pattern: /--[^\n]*/y },
  { kind: 'comment', pattern: new RegExp(comment(nestedMax), 'y') },
  { kind: 'string', pattern: /[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)/y },
  { kind: 'string', pattern: /(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|$)/y },
  { kind: 'string', pattern: /\$([A-Za-z_]\w*)?\$[\s\S]*?(?:\$\1\$|$)/y },
  { kind: 'value', pattern: /\$\d+|⟨[^⟨⟩]*⟩/y },
  { kind: 'name', pattern: /(?:[uU]&)?"(?:[^"]|"")*(?:"|$)/y },
  { kind: 'number', pattern: /(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\b/y },
  {
    kind: (word) => (keywords.has(word.toLowerCase()) ? 'keyword' : 'plain'),
    pattern: /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y,
  },
  { kind: 'operator', pattern: /[-+*/<>=~!@#%^&|`?:]+/y },
]

/** SQL as PostgreSQL writes it, well enough for colours: what it means is the gateway's to say. */
export function sqlTokens(text: string): readonly Token[] {
  return tokensOf(text, rules)
}
