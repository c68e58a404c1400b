// What came over the wire as JSON, field by field: nothing about it is known before it is looked at.

export type Fields = Readonly<Record<string, unknown>>;

/** Of what is no object: none. */
export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};

/** Of what is no list: nothing. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
