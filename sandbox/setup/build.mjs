// Makes parts in the cache: from their official releases where those are to be had, else from source.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheDir, partDir, partIsThere } from './cache.mjs';
import { buildFromSource, moduleDir } from './from-source.mjs';
import { PARTS } from './parts.mjs';
import { show } from './progress.mjs';
import { tryReleases } from './release.mjs';

/** @typedef {import('./parts.mjs').Part} Part */

/** Module and build caches of a whole build from source: 5.7 GB + 8.4 GB measured, and the binaries. */
const NEEDED_BYTES = 16e9;
/** A part that takes longer is one of those that need the room. */
const SMALL_SECONDS = 60;

/** @param {number} bytes */
const gigabytes = (bytes) => `${Number((bytes / 1e9).toFixed(1))} GB`;

/**
 * @param {Part[]} parts to be made
 * @param {number} freeBytes
 * @returns {string | undefined} what to say when there is no room to build them
 */
export function lackOfRoom(parts, freeBytes) {
  if (freeBytes >= NEEDED_BYTES || parts.every((part) => part.seconds <= SMALL_SECONDS)) return undefined;
  return `${cacheDir()} has ${gigabytes(freeBytes)} free; building the sandbox's parts takes ${gigabytes(NEEDED_BYTES)} for a while (1.5 GB stay). Free some, or point EKSODUS_CACHE_DIR at a larger disk.`;
}

/** @param {import('./from-source.mjs').Job} job */
async function addAssets(job) {
  const { part, work } = job;
  for (const [link, target] of Object.entries(part.links ?? {})) symlinkSync(target, join(work, link));
  if (!part.assets) return;
  const source = await moduleDir(part.assets.module, job);
  for (const [from, to] of Object.entries(part.assets.files)) {
    mkdirSync(dirname(join(work, to)), { recursive: true });
    cpSync(join(source, from), join(work, to), { recursive: true });
  }
}

/**
 * @param {Part} part
 * @param {string} position
 */
async function make(part, position) {
  const parts = join(cacheDir(), 'parts');
  mkdirSync(parts, { recursive: true });
  const halfMade = mkdtempSync(join(parts, `.${part.name}-`));
  // An interrupted set-up ends by process.exit: nothing half made stays then either. A compiler may be dying yet, hence the retries.
  const discard = () => rmSync(halfMade, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', discard);
  const [work, tmp] = [join(halfMade, 'part'), join(halfMade, 'tmp')];
  mkdirSync(tmp);
  const log = `${partDir(part)}.log`;
  rmSync(log, { force: true });
  const progress = show(`[${position}] ${part.name} ${part.version}`);
  const job = { part, work, tmp, log, progress };
  try {
    progress.detail('looking for the official release');
    const released = await tryReleases(part, work);
    if (!released.done) {
      mkdirSync(work);
      progress.detail('building');
      await buildFromSource(job);
    }
    await addAssets(job);
    for (const binary of part.binaries) {
      if (!existsSync(join(work, binary)))
        throw new Error(`${part.name}: ${binary} is missing after the build; log: ${log}`);
    }
    renameSync(work, partDir(part));
    progress.stop(released.done ? 'official release' : `built from source (${released.why})`);
  } catch (error) {
    progress.stop('failed');
    throw error;
  } finally {
    process.off('exit', discard);
    discard();
  }
}

/** Whether the machine has what the part's build needs beyond the requirements of set-up. @param {Part} part */
function canBuild(part) {
  if (part.build.kind !== 'maven') return true;
  const { javaOptions } = part.build;
  return ['java', 'mvn'].every((command) => {
    try {
      const args = [...(command === 'java' ? javaOptions : []), '-version'];
      execFileSync(command, args, { stdio: 'ignore', env: { ...process.env, MAVEN_OPTS: javaOptions.join(' ') } });
      return true;
    } catch {
      return false;
    }
  });
}

/** @param {Part} part an optional one @param {string} why @returns {false} */
function leaveOut({ name, version, optional }, why) {
  process.stderr.write(`${name} ${version} · left out (${optional}): ${why}\n`);
  return false;
}

/** Removes what earlier set-ups that were killed left half made; the caller holds the set-up lock. */
function removeHalfMade() {
  const parts = join(cacheDir(), 'parts');
  if (!existsSync(parts)) return;
  for (const name of readdirSync(parts))
    if (name.startsWith('.')) rmSync(join(parts, name), { recursive: true, force: true });
}

/** Brings every part into the cache. Idempotent: a part that is there is not touched. */
export async function makeParts() {
  const missing = PARTS.filter((part) => !partIsThere(part));
  if (missing.length === 0) return;
  removeHalfMade();
  const wanted = missing.filter((part) => canBuild(part) || leaveOut(part, 'Java or Maven is not there'));
  if (wanted.length === 0) return;
  const { bavail, bsize } = statfsSync(cacheDir());
  const problem = lackOfRoom(wanted, bavail * bsize);
  if (problem !== undefined) throw new Error(problem);
  const minutes = Math.ceil(wanted.reduce((sum, part) => sum + part.seconds, 0) / 60);
  process.stderr.write(
    `The sandbox needs ${wanted.length} more of its ${PARTS.length} parts; from source on 2 cores about ${minutes} min. They are kept in ${cacheDir()}.\n`,
  );
  for (const [index, part] of wanted.entries()) {
    try {
      await make(part, `${index + 1}/${wanted.length}`);
    } catch (error) {
      if (part.optional === undefined) throw error;
      leaveOut(part, error instanceof Error ? error.message : String(error));
    }
  }
  // Only the binaries need to stay; the compilers' caches are 14 GB.
  if (process.env['EKSODUS_SETUP_KEEP_CACHES'] !== 'on') {
    for (const folder of ['go', 'pip', 'maven']) rmSync(join(cacheDir(), folder), { recursive: true, force: true });
  }
}
