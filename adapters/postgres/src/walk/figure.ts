import { child, children, part, strings, text, type Fields, type Node } from './node.ts'

/** The name that PostgreSQL gives to an output column without an alias (`FigureColname`). */
export function figureName(node: Node): string {
  return figure(node)?.name ?? '?column?'
}

/** A weak name gives way to one found further out, e.g. the type of a cast to the column in it. */
interface Figure {
  readonly name: string
  readonly strong: boolean
}

function strong(name: string | undefined): Figure | null {
  return name === undefined || name === '' ? null : { name, strong: true }
}

const fixedNames: { readonly [type: string]: string } = {
  CoalesceExpr: 'coalesce',
  GroupingFunc: 'grouping',
  MergeSupportFunc: 'merge_action',
  A_ArrayExpr: 'array',
  RowExpr: 'row',
}

function figure({ type, fields }: Node): Figure | null {
  const fixed = fixedNames[type]
  if (fixed !== undefined) return strong(fixed)
  switch (type) {
    case 'ColumnRef':
      return strong(lastName(children(fields, 'fields')))
    case 'A_Indirection':
      return strong(lastName(children(fields, 'indirection'))) ?? inner(fields, 'arg')
    case 'FuncCall':
      return strong(strings(fields, 'funcname').at(-1))
    case 'A_Expr':
      return text(fields, 'kind') === 'AEXPR_NULLIF' ? strong('nullif') : null
    case 'TypeCast':
      return cast(fields)
    case 'CollateClause':
      return inner(fields, 'arg')
    case 'CaseExpr':
      return caseExpression(fields)
    case 'MinMaxExpr':
      return strong(text(fields, 'op') === 'IS_LEAST' ? 'least' : 'greatest')
    case 'SQLValueFunction':
      return strong(
        text(fields, 'op')
          .replace(/^SVFOP_/, '')
          .replace(/_N$/, '')
          .toLowerCase(),
      )
    case 'SubLink':
      return subquery(fields)
    default:
      return null
  }
}

function inner(fields: Fields, name: string): Figure | null {
  const node = child(fields, name)
  return node === null ? null : figure(node)
}

function lastName(nodes: readonly Node[]): string | undefined {
  const name = nodes.findLast(({ type }) => type === 'String')
  return name === undefined ? undefined : text(name.fields, 'sval')
}

function cast(fields: Fields): Figure | null {
  const found = inner(fields, 'arg')
  if (found?.strong === true) return found
  const typeName = part(fields, 'typeName')
  const name = typeName === null ? undefined : strings(typeName, 'names').at(-1)
  return name === undefined ? found : { name, strong: false }
}

function caseExpression(fields: Fields): Figure {
  const found = inner(fields, 'defresult')
  return found?.strong === true ? found : { name: 'case', strong: false }
}

function subquery(fields: Fields): Figure | null {
  switch (text(fields, 'subLinkType')) {
    case 'EXISTS_SUBLINK':
      return strong('exists')
    case 'ARRAY_SUBLINK':
      return strong('array')
    case 'EXPR_SUBLINK': {
      const select = child(fields, 'subselect')
      const [target] = select === null ? [] : children(select.fields, 'targetList')
      if (target === undefined) return null
      return strong(text(target.fields, 'name')) ?? inner(target.fields, 'val')
    }
    default:
      return null
  }
}
