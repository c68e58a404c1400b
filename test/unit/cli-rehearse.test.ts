// What people read of a rehearsal, before and after, and what is refused before anything starts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conclude } from '../../sandbox/rehearsal/conclude.ts';
import { introduction, summary, whereToLook } from '../../sandbox/rehearsal/words.ts';
import { mustBeWritable } from '../../src/cli/commands/rehearse.ts';
import { EXPECTED, GOOD } from '../support/rehearsal-report.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-rehearse-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('before', () => {
  it.each([
    [60, 'about 3 minutes'],
    [10, 'about 10 minutes'],
    [1, 'about 105 minutes'],
    [600, 'about 2 minutes'],
  ])('at speed %i says how long it takes: %s', (speed, expected) => {
    expect(introduction('plain', speed)[0]).toMatch(new RegExp(`It takes ${expected}\\.$`));
  });

  it('names the phases, and expects less of an upgrade that goes back', () => {
    expect(introduction('rollback', 60)).toEqual([
      'Rehearsal "rollback" at speed 60: a minute of AWS takes 1.0 s. It takes at most 3 minutes.',
      'The parts come up first; then one upgrade walks 7 phases: preflight, provision, bootstrap, verify, migrate, soak, decommission.',
    ]);
  });

  it('says how to look at it', () => {
    expect(whereToLook('stg', { address: '127.0.0.1:1', pageUrl: 'http://127.0.0.1:2' })).toEqual([
      'To look at it while it runs, from another terminal in this folder:',
      '  TEMPORAL_ADDRESS=127.0.0.1:1 npm run -s eksodus -- upgrade status stg',
      "or at Temporal's page: http://127.0.0.1:2",
    ]);
  });
});

describe('refused, exit code 2, before anything starts', () => {
  // Should one of these start a sandbox all the same, its folder would be here.
  const node = (...args: string[]) => {
    const tmp = join(dir, 'tmp');
    mkdirSync(tmp);
    const env = { PATH: process.env['PATH'], TMPDIR: tmp, NODE_DISABLE_COMPILE_CACHE: '1' };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: ROOT,
      encoding: 'utf8',
      env,
      timeout: 30_000,
    });
    return { code: status, out: stdout, err: stderr, started: readdirSync(tmp) };
  };
  const rehearse = (report: string) => node('src/cli/main.ts', 'rehearse', '--report', report);
  const refusal = (file: string, code: string) => ({
    code: 2,
    out: '',
    err: `--report is "${file}", which cannot be written (${code}); expected a file in a folder that is there. Nothing was started.\n`,
    started: [],
  });

  it('a report in a folder that is not there', { timeout: 60_000 }, () => {
    const file = join(dir, 'nowhere', 'report.json');
    expect(rehearse(file)).toEqual(refusal(file, 'ENOENT'));
  });

  it('a report that is a folder', { timeout: 60_000 }, () => {
    expect(rehearse(dir)).toEqual(refusal(dir, 'EISDIR'));
  });

  it('a report below a file, which keeps what it holds', { timeout: 60_000 }, () => {
    const file = join(dir, 'file');
    writeFileSync(file, 'kept');
    expect(rehearse(join(file, 'report.json'))).toEqual(refusal(join(file, 'report.json'), 'ENOTDIR'));
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });

  it('but not a report that can be written: of the trial nothing is left', () => {
    const [fresh, old] = [join(dir, 'fresh.json'), join(dir, 'old.json')];
    writeFileSync(old, 'of the last time');
    for (const file of [fresh, old]) mustBeWritable(file);
    expect(existsSync(fresh)).toBe(false);
    expect(readFileSync(old, 'utf8')).toBe('of the last time');
  });

  it.each([
    [
      ['--speed', 'abc'],
      '--speed "abc": speed is NaN; expected 1 (as slow as AWS) to 600 (see npm run sandbox -- --help)\n',
    ],
    [['--speed', '0'], '--speed "0": speed is 0; expected 1 (as slow as AWS) to 600 (see npm run sandbox -- --help)\n'],
    [['--sped', '1'], "Unknown option '--sped' (see npm run sandbox -- --help)\n"],
  ])('the sandbox %j', { timeout: 60_000 }, (args, err) => {
    expect(node('sandbox/main.ts', ...args)).toEqual({ code: 2, out: '', err, started: [] });
  });
});

describe('after', () => {
  const report = GOOD.plain();
  const ENDED = { environment: 'stg', file: undefined, tookSeconds: 159 };

  it('says beside what was seen what was allowed', () => {
    const steps = report.traffic.steps
      .slice(0, 2)
      .map((one, index) => Object.assign({}, one, { observedGreenPercent: index === 0 ? 5.46 : null }));
    expect(summary({ ...report, traffic: { ...report.traffic, steps } }).join('\n')).toMatchInlineSnapshot(`
      "stg-1-33 1.33 deleted · stg-1-36 1.36 ready
      0 of 2400 requests failed (allowed: none, of at least 2000) · 1200 served by blue, 1200 by green
      share of fresh resolutions that led to green (allowed: within 5 points, of at least 1500 in each step):
        messages at 5 %: 5.5 % of 1500
        messages at 25 %: - % of 1500
      last request on blue, in seconds after the step to 100 % was asked for:
        messages: 3.0 of clients that honour the TTL, 20.0 of those that cache for ever (25 tried again on green)
        files: 3.0 of clients that honour the TTL, 20.0 of those that cache for ever (25 tried again on green)
        search: 3.0 of clients that honour the TTL, 20.0 of those that cache for ever (25 tried again on green)
      AWS: 10 calls, 1 of eks:CreateCluster, 0 leftovers
      Temporal: 9 workflows, 2709 events, 0 failed workflow tasks"
    `);
  });

  it('of a rollback, allows what it broke itself, and does not say of blue that it left nothing', () => {
    const lines = summary(GOOD.rollback());
    expect(lines[1]).toContain('requests failed (allowed: those of messages on stg-1-36, of at least 2000)');
    expect(lines.at(-2)).toBe('AWS: 10 calls, 1 of eks:CreateCluster, leftovers not searched for');
  });

  it('that ended as it should: exit code 0, and the report holds the judgement', () => {
    const { json, lines, code } = conclude(report, EXPECTED, ENDED);
    expect(JSON.parse(json)).toEqual({ ...report, problems: [] });
    expect([lines.at(-1), code]).toEqual(['✓ succeeded as it should, after 159 s', 0]);
  });

  it('that was cut short: exit code 1, and the report of what was seen names the reason', () => {
    const file = join(dir, 'report.json');
    const cut = { ...report, troubles: ['the upgrade was not walked to its end: not over within 840 s'] };
    const { json, lines, code } = conclude(cut, EXPECTED, { ...ENDED, file });
    expect(readFileSync(file, 'utf8')).toBe(json);
    expect(JSON.parse(json)).toEqual({ ...cut, problems: cut.troubles });
    expect(lines.slice(-2)).toEqual([
      '✗ the upgrade was not walked to its end: not over within 840 s',
      '✗ the rehearsal of stg did not end as it should',
    ]);
    expect(code).toBe(1);
  });

  it('that cannot write its report any more says so, and shows what it saw all the same', () => {
    const { lines, code } = conclude(report, EXPECTED, { ...ENDED, file: join(dir, 'gone', 'report.json') });
    expect(lines.slice(0, -2)).toEqual(summary(report));
    expect(lines.at(-2)).toContain('✗ the report could not be written: ENOENT');
    expect(code).toBe(1);
  });
});
