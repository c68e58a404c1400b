import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { missingRequirements, REQUIREMENTS } from '../../sandbox/setup/requirements.mjs';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'eksodus-requirements-'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

/** Puts a command of this name on an otherwise empty PATH: it writes the text, or fails when there is none. */
function command(name: string, text?: string): void {
  const file = join(dir, name);
  writeFileSync(file, `#!/bin/sh\n${text === undefined ? 'exit 1' : `echo '${text}'`}\n`);
  chmodSync(file, 0o755);
}

function sayOf(name: string): string | undefined {
  return missingRequirements(REQUIREMENTS.filter((one) => one.name === name))[0];
}

describe('requirements', () => {
  it('are exactly these', () => {
    expect(REQUIREMENTS.map(({ name, expected }) => `${name}: ${expected}`)).toEqual([
      'Node.js: 20 or newer',
      'npm: 9 or newer',
      'Go: 1.26 or newer',
      'Python 3 with venv: 3.10 or newer, module venv',
      'git: 2.28 or newer',
      'GNU C library: 2.28 or newer (Linux)',
    ]);
  });

  it('are met where the tests run', () => {
    expect(missingRequirements()).toEqual([]);
  });

  it('says all that is missing at once: what was found, what is expected, how to get it', () => {
    vi.stubEnv('PATH', dir);
    command('npm', '8.19.4');
    command('git', 'git version 2.20.1');
    expect(missingRequirements()).toEqual([
      'npm: found 8.19.4, expected 9 or newer. Get it: comes with Node.js',
      'Go: found nothing, expected 1.26 or newer. Get it: https://go.dev/dl',
      'Python 3 with venv: found nothing, expected 3.10 or newer, module venv. Get it: apt-get install python3 python3-venv',
      'git: found 2.20.1, expected 2.28 or newer. Get it: apt-get install git',
    ]);
  });

  it.each([
    ['Go', 'go', 'go1.25.9', 'found go1.25.9'],
    ['Go', 'go', 'go1.26.0', undefined],
    ['Go', 'go', 'go1.30', undefined],
    ['Go', 'go', 'go2.0', undefined],
    ['Go', 'go', 'devel', 'found devel'],
    ['Go', 'go', undefined, 'found nothing'],
    ['npm', 'npm', '9.0.0', undefined],
    ['npm', 'npm', '10.9.2', undefined],
    ['Python 3 with venv', 'python3', '3.9.18', 'found 3.9.18'],
    ['Python 3 with venv', 'python3', '3.10.0', undefined],
    ['git', 'git', 'git version 2.28.0', undefined],
    ['git', 'git', 'git version 2.9.5', 'found 2.9.5'],
  ])('%s: `%s` that says %s gives %s', (name, file, says, found) => {
    vi.stubEnv('PATH', dir);
    command(file, says);
    const said = sayOf(name);
    if (found === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(`${found}, expected`);
  });

  it('tells a Python without venv from no Python', () => {
    const real = process.env['PATH'] ?? '';
    vi.stubEnv('PATH', `${dir}:${real}`);
    writeFileSync(join(dir, 'ensurepip.py'), 'raise ImportError("left out", name="ensurepip")\n');
    vi.stubEnv('PYTHONPATH', dir);
    vi.stubEnv('PYTHONDONTWRITEBYTECODE', '1');
    expect(sayOf('Python 3 with venv')).toMatch(/^Python 3 with venv: found 3\.\d+\.\d+ without ensurepip, expected/);
  });

  it.each([
    ['2.27', 'found 2.27'],
    [undefined, 'found nothing'],
    ['2.28', undefined],
    ['2.36', undefined],
  ])('a C library %s gives %s', (version, found) => {
    const ours = REQUIREMENTS.find(({ name }) => name === 'GNU C library');
    if (!ours) throw new Error('no requirement of a C library');
    const [line] = missingRequirements([{ ...ours, found: () => version }]);
    if (found === undefined) expect(line).toBeUndefined();
    else expect(line).toContain(`${found}, expected 2.28 or newer (Linux). Get it: a glibc-based Linux`);
  });

  it('asks Go with its counters in our cache and the settings of the user', () => {
    const seen = join(dir, 'seen');
    writeFileSync(join(dir, 'go'), `#!/bin/sh\necho "$XDG_CONFIG_HOME $GOENV" > ${seen}; echo go1.26.8\n`);
    chmodSync(join(dir, 'go'), 0o755);
    vi.stubEnv('PATH', dir);
    vi.stubEnv('EKSODUS_CACHE_DIR', join(dir, 'cache'));
    vi.stubEnv('XDG_CONFIG_HOME', '/home/a/settings');
    vi.stubEnv('GOENV', undefined);
    expect(sayOf('Go')).toBeUndefined();
    expect(readFileSync(seen, 'utf8')).toBe(`${join(dir, 'cache', 'go', 'config')} /home/a/settings/go/env\n`);
  });
});
