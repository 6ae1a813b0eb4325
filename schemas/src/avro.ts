// The part of Avro's schema language that the events use.

/** A name is a primitive type, or one that was defined before. */
export type AvroType = string | AvroRecord | AvroArray | AvroEnum | AvroFixed | readonly AvroType[]

export interface AvroField {
  readonly name: string
  readonly type: AvroType
  readonly doc?: string
  /** For what was written before there was the field. */
  readonly default?: unknown
}

export interface AvroRecord {
  readonly type: 'record'
  readonly name: string
  readonly namespace?: string
  readonly doc?: string
  /** Of the schema, as the envelope of each event names it. */
  readonly version?: number
  readonly fields: readonly AvroField[]
}

export interface AvroArray {
  readonly type: 'array'
  readonly items: AvroType
}

export interface AvroEnum {
  readonly type: 'enum'
  readonly name: string
  readonly symbols: readonly string[]
}

export interface AvroFixed {
  readonly type: 'fixed'
  readonly name: string
  readonly size: number
}
