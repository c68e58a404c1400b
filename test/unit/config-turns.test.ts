import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseEnvironment } from '../../config/load.ts';

const MINIMAL = readFileSync(new URL('../../config/examples/minimal.yaml', import.meta.url), 'utf8');
const [, name = ''] = /^apps:\n\s+- name: (\S+)/m.exec(MINIMAL) ?? [];

/** The minimal example's one app, told to wait. */
const waiting = (dependsOn: string): string =>
  MINIMAL.replace(`- name: ${name}`, `- name: ${name}\n    dependsOn: [${dependsOn}]`);

function told(text: string): string[] {
  try {
    parseEnvironment(text, 'stg.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe('apps that wait for others', () => {
  it('name apps of the file', () => {
    expect(told(waiting('nobody'))).toEqual([
      `apps.${name}.dependsOn[0]: found "nobody". Expected an app of this file: ${name}.`,
    ]);
  });

  it('do not wait for each other', () => {
    expect(told(waiting(name))).toEqual([
      `apps.${name}.dependsOn: need each other in a circle: ${name}. Expected an order in which each can move.`,
    ]);
  });

  it('are all let go when nothing is said', () => {
    const { apps, maxMoving } = parseEnvironment(MINIMAL, 'stg.yaml');
    expect(apps.map(({ dependsOn, start }) => ({ dependsOn, start }))).toEqual([
      { dependsOn: [], start: 'with-upgrade' },
    ]);
    expect(maxMoving).toBeUndefined();
  });
});
