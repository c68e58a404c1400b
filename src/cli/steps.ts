// Steps as people give them on the command line: `10:30m`, by the rules of the environment file.
import { environmentSchema } from '../../config/schema.ts';
import type { TrafficStep } from '../domain/environment.ts';
import { InputError } from './run.ts';

const NUMBER = /^-?\d+(?:\.\d+)?$/;

/** @throws InputError with everything that is wrong, a line for each mistake */
export function parseSteps(texts: readonly string[]): TrafficStep[] {
  const given = texts.map((text) => {
    const [green = '', ...bake] = text.split(':');
    return { green: NUMBER.test(green) ? Number(green) : green, bake: bake.length === 0 ? undefined : bake.join(':') };
  });
  const { data, error } = environmentSchema.in.shape.steps.safeParse(given);
  if (data) return data.map(({ green, bake }) => ({ greenPercent: green, bakeSeconds: bake }));
  const mistakes = error.issues.map(({ path: [index, field], message }) => {
    const text = texts[Number(index)];
    return `${JSON.stringify(text)} ${String(field)}: ${message}`;
  });
  throw new InputError([...mistakes, 'Write percent:bake, such as 10:30m 50:1h 100:2h.'].join('\n'));
}

/** @throws InputError when it is no share of the traffic */
export function parsePercent(text: string): number {
  const percent = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (percent <= 100) return percent;
  throw new InputError(
    `${JSON.stringify(text)} is no share of the traffic. Expected whole percent of it from 0 to 100, such as 25.`,
  );
}
