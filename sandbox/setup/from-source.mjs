// Builds one part from its source: Go modules, Python packages, Java archives, each through its own registry's client.
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, recipeDir } from './cache.mjs';
import { goBuildEnv, goDir } from './go-env.mjs';
import { run } from './run.mjs';

/** @typedef {import('./parts.mjs').Part} Part */
/** @typedef {import('./parts.mjs').Patch} Patch */

/**
 * Making one part: its outcome grows in `work`; commands keep their temporary files in `tmp`.
 * @typedef {{ part: Part, work: string, tmp: string, log: string, progress: { detail: (text: string) => void } }} Job
 */

/** @param {Job['progress']} progress */
function countPackages(progress) {
  let compiled = 0;
  /** @param {string} line */
  return (line) => {
    if (line.startsWith('go: downloading')) progress.detail(`fetching ${line.split(' ')[2] ?? 'modules'}`);
    else if (/^[\w.-]+(\/[\w.-]+)*$/.test(line)) progress.detail(`${++compiled} packages compiled`);
  };
}

/**
 * Where Go keeps the source of a module, after fetching it.
 * @param {string} module `path@version` @param {Job} job
 */
export async function moduleDir(module, { tmp, log }) {
  await run('go', ['mod', 'download', module], {
    cwd: tmp,
    env: { ...goBuildEnv(), TMPDIR: tmp, GOFLAGS: '-modcacherw' },
    log,
  });
  return join(goDir(), 'mod', module);
}

/**
 * Builds against copies of modules in which texts are replaced. Go's `-overlay` refuses files of the module cache.
 * @param {Patch[]} patches @param {string} source the folder with the go.mod of the build @param {Job} job
 */
async function applyPatches(patches, source, job) {
  for (const [index, module] of [...new Set(patches.map((patch) => patch.module))].entries()) {
    const copy = join(source, 'patched', String(index));
    cpSync(await moduleDir(module, job), copy, { recursive: true });
    for (const { file, find, replace } of patches.filter((patch) => patch.module === module)) {
      const text = readFileSync(join(copy, file), 'utf8');
      const times = text.split(find).length - 1;
      if (times !== 1)
        throw new Error(
          `${job.part.name}: ${JSON.stringify(find)} is ${times} times in ${file} of ${module}, expected once: bring the patch in parts.mjs up to date with the module`,
        );
      writeFileSync(
        join(copy, file),
        text.replace(find, () => replace),
      );
    }
    await run('go', ['mod', 'edit', `-replace=${module.split('@')[0]}=${copy}`], {
      cwd: source,
      env: goBuildEnv(),
      log: job.log,
    });
  }
}

/** @param {Job} job */
export async function buildFromSource(job) {
  const { part, work, tmp, log, progress } = job;
  const onLine = countPackages(progress);
  const { build } = part;
  const ldflags = `-s -w${build.kind === 'module' && build.ldflags ? ` ${build.ldflags}` : ''}`;
  /** @param {string} binary @param {string} pkg @param {string} source the folder with the go.mod of the build @param {string[]} [flags] */
  const goBuild = (binary, pkg, source, flags = []) =>
    run('go', ['build', '-v', '-trimpath', ...flags, '-ldflags', ldflags, '-o', join(work, binary), pkg], {
      cwd: source,
      env: { ...goBuildEnv(), TMPDIR: tmp },
      log,
      onLine,
    });
  switch (build.kind) {
    case 'install':
      await run('go', ['install', '-v', '-trimpath', '-ldflags', ldflags, build.package], {
        env: { ...goBuildEnv(), TMPDIR: tmp, GOFLAGS: '-modcacherw -buildvcs=false', GOBIN: work },
        log,
        onLine,
      });
      return;
    case 'module': {
      const source = join(tmp, 'source');
      cpSync(recipeDir(build.recipe), source, { recursive: true });
      await applyPatches(build.patches ?? [], source, job);
      for (const [binary, pkg] of Object.entries(build.packages)) await goBuild(binary, pkg, source);
      return;
    }
    case 'main-module': {
      const source = join(tmp, 'source');
      cpSync(await moduleDir(build.module, job), source, { recursive: true });
      const tags = build.tags ? ['-tags', build.tags.join(',')] : [];
      for (const [binary, pkg] of Object.entries(build.packages)) await goBuild(binary, pkg, source, tags);
      return;
    }
    case 'venv': {
      const env = { TMPDIR: tmp, PIP_CACHE_DIR: join(cacheDir(), 'pip'), PIP_DISABLE_PIP_VERSION_CHECK: '1' };
      progress.detail('installing Python packages');
      await run('python3', ['-m', 'venv', work], { env, log });
      const pip = ['-m', 'pip', 'install', '--quiet', ...build.requirements];
      await run(join(work, 'bin', 'python'), pip, { env, log });
      return;
    }
    case 'maven': {
      progress.detail('fetching jars');
      const pom = join(tmp, 'pom.xml');
      const [group, artifact, version] = build.artifact.split(':');
      writeFileSync(
        pom,
        `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>eksodus</groupId><artifactId>jars</artifactId><version>1</version><dependencies><dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency></dependencies></project>\n`,
      );
      await run(
        'mvn',
        [
          '-q',
          '-B',
          `-Dmaven.repo.local=${join(cacheDir(), 'maven')}`,
          '-f',
          pom,
          'dependency:copy-dependencies',
          `-DoutputDirectory=${join(work, 'jars')}`,
        ],
        // Java does not know TMPDIR.
        { log, env: { MAVEN_OPTS: [`-Djava.io.tmpdir=${tmp}`, ...build.javaOptions].join(' ') } },
      );
      // The folder is renamed once whole, so the script finds its jars from where it stands.
      const script = join(work, 'temporal-test-server');
      const java = ['java', ...build.javaOptions, '-cp', '"$(dirname "$0")/jars/*"', build.mainClass].join(' ');
      writeFileSync(script, `#!/bin/sh\nexec ${java} "$@"\n`);
      chmodSync(script, 0o755);
      return;
    }
  }
}
