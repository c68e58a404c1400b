// Conditions on a measured value: `result < 0.01 and result >= 0`. A grammar small enough to read at a glance; total: every
// condition that parses has an answer for every number. Pure.

type Operator = '<' | '<=' | '>' | '>=' | '==';

export type Condition =
  | { readonly kind: 'compare'; readonly operator: Operator; readonly number: number }
  | { readonly kind: 'and'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'or'; readonly left: Condition; readonly right: Condition };

/** `at` counts characters of the condition from 1. */
export class ConditionError extends Error {
  override readonly name = 'ConditionError';
  readonly at: number;
  constructor(at: number, found: string, expected: string) {
    super(`at character ${at} found ${found}. Expected ${expected}.`);
    this.at = at;
  }
}

interface Token {
  readonly text: string;
  readonly at: number;
}

const TOKEN = /\s*(?:(?<text><=|>=|==|<|>|\(|\)|[A-Za-z]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?<wrong>\S))/y;
const NUMBER = /^[-+]?[\d.]/;
const OPERATORS: readonly string[] = ['<', '<=', '>', '>=', '=='] satisfies Operator[];
const isOperator = (text: string): text is Operator => OPERATORS.includes(text);

/** `or` binds less than `and`; brackets group. Throws ConditionError. */
export function parseCondition(text: string): Condition {
  const tokens = tokensOf(text);
  const end = text.length + 1;
  let index = 0;
  const peek = (): string => tokens[index]?.text ?? '';
  const refuse = (expected: string): never => {
    const token = tokens[index];
    throw new ConditionError(token?.at ?? end, token ? JSON.stringify(token.text) : 'the end', expected);
  };

  const condition = either();
  return index < tokens.length ? refuse('"and", "or" or the end') : condition;

  function either(): Condition {
    let left = both();
    while (peek() === 'or') {
      index += 1;
      left = { kind: 'or', left, right: both() };
    }
    return left;
  }

  function both(): Condition {
    let left = one();
    while (peek() === 'and') {
      index += 1;
      left = { kind: 'and', left, right: one() };
    }
    return left;
  }

  function one(): Condition {
    if (peek() === '(') {
      index += 1;
      const inner = either();
      if (peek() !== ')') refuse('")"');
      index += 1;
      return inner;
    }
    if (peek() !== 'result') refuse('"result", as in result < 0.01');
    index += 1;
    const operator = peek();
    if (!isOperator(operator)) return refuse('<, <=, >, >= or ==');
    index += 1;
    if (!NUMBER.test(peek())) refuse('a number');
    const number = Number(peek());
    index += 1;
    return { kind: 'compare', operator, number };
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(new RegExp(TOKEN, 'gy'))) {
    const { text: word, wrong } = match.groups ?? {};
    const at = match.index + match[0].length - (word ?? wrong ?? '').length + 1;
    if (word === undefined) {
      throw new ConditionError(
        at,
        JSON.stringify(wrong),
        '"result", a number, <, <=, >, >=, ==, "and", "or" or brackets',
      );
    }
    tokens.push({ text: word, at });
  }
  return tokens;
}

export function holdsFor(condition: Condition, result: number): boolean {
  if (condition.kind === 'and') return holdsFor(condition.left, result) && holdsFor(condition.right, result);
  if (condition.kind === 'or') return holdsFor(condition.left, result) || holdsFor(condition.right, result);
  const { operator, number } = condition;
  switch (operator) {
    case '<':
      return result < number;
    case '<=':
      return result <= number;
    case '>':
      return result > number;
    case '>=':
      return result >= number;
    case '==':
      return result === number;
  }
}
