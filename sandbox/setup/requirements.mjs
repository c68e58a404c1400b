// What a machine must have before set-up starts. All that is missing is said at once, each with how to get it.
import { execFileSync } from 'node:child_process';
import { goSettings } from './go-env.mjs';

/**
 * @typedef {{ name: string, expected: string, found: () => string | undefined, enough: (found: string) => boolean, get: string }} Requirement
 *   `found` gives the version seen, or undefined when it is not there.
 */

const PYTHON = `
import platform
try:
    import venv, ensurepip
    print(platform.python_version())
except ImportError as error:
    print(platform.python_version(), "without", error.name)
`;

/** @param {string} command @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
function output(command, args, env) {
  try {
    return execFileSync(command, args, {
      encoding: 'utf8',
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }).trim();
  } catch {
    return undefined;
  }
}

/** @param {string} version @param {[number, number]} least */
function atLeast(version, [major, minor]) {
  const match = /(\d+)\.(\d+)/.exec(version);
  if (!match) return false;
  const [x, y] = [Number(match[1]), Number(match[2])];
  return x > major || (x === major && y >= minor);
}

function glibc() {
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header?.glibcVersionRuntime;
}

/** @type {Requirement[]} */
export const REQUIREMENTS = [
  {
    name: 'Node.js',
    expected: '20 or newer',
    found: () => process.versions.node,
    enough: (v) => atLeast(v, [20, 0]),
    get: 'https://nodejs.org or your package manager',
  },
  {
    name: 'npm',
    expected: '9 or newer',
    found: () => output('npm', ['--version']),
    enough: (v) => atLeast(v, [9, 0]),
    get: 'comes with Node.js',
  },
  {
    name: 'Go',
    expected: '1.26 or newer',
    found: () => output('go', ['env', 'GOVERSION'], goSettings()),
    enough: (v) => atLeast(v, [1, 26]),
    get: 'https://go.dev/dl',
  },
  {
    name: 'Python 3 with venv',
    expected: '3.10 or newer, module venv',
    found: () => output('python3', ['-c', PYTHON]),
    enough: (v) => atLeast(v, [3, 10]) && !v.includes('without'),
    get: 'apt-get install python3 python3-venv',
  },
  {
    name: 'git',
    expected: '2.28 or newer',
    found: () => output('git', ['--version'])?.replace('git version ', ''),
    enough: (v) => atLeast(v, [2, 28]),
    get: 'apt-get install git',
  },
  {
    name: 'GNU C library',
    expected: '2.28 or newer (Linux)',
    found: glibc,
    enough: (v) => atLeast(v, [2, 28]),
    get: 'a glibc-based Linux such as Debian 12 or Ubuntu 22.04; the prebuilt parts of the Python and npm packages need it',
  },
];

/** @returns {string[]} one line for each thing missing */
export function missingRequirements(requirements = REQUIREMENTS) {
  return requirements.flatMap(({ name, expected, found, enough, get }) => {
    const seen = found();
    if (seen !== undefined && enough(seen)) return [];
    return [`${name}: found ${seen ?? 'nothing'}, expected ${expected}. Get it: ${get}`];
  });
}
