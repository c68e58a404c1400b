import { expect, it } from 'vitest';
import { toJsonLine } from '../../src/worker/json-log.ts';

it('is one object a line, whatever is logged with it', () => {
  const meta = { attempt: 3n, error: new TypeError('no\nanswer'), workflowId: 'zone/Z1' };
  const line = toJsonLine({ timestampNanos: 1_795_263_665_123_456_789n, level: 'WARN', message: 'two\nlines', meta });
  expect(line.endsWith('}\n')).toBe(true);
  expect(line.trimEnd()).not.toContain('\n');
  expect(JSON.parse(line)).toEqual({
    time: '2026-11-21T12:21:05.123Z',
    level: 'warn',
    message: 'two\nlines',
    attempt: '3',
    error: 'TypeError: no\nanswer',
    workflowId: 'zone/Z1',
  });
});
