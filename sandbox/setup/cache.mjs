// Where built parts live: one folder per part, keyed by version, platform and recipe, shared by all clones.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PARTS } from './parts.mjs';

/** @typedef {import('./parts.mjs').Part} Part */

const RECIPES = fileURLToPath(new URL('./recipes/', import.meta.url));

/** The user's cache folder for eksodus: `EKSODUS_CACHE_DIR`, else `$XDG_CACHE_HOME/eksodus`, else `~/.cache/eksodus`. */
export function cacheDir() {
  const own = process.env['EKSODUS_CACHE_DIR'];
  if (own) return resolve(own);
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'eksodus');
}

/** @param {string} recipe folder name under recipes/ */
export const recipeDir = (recipe) => join(RECIPES, recipe);

/** @param {string} dir @returns {string[]} */
function filesBelow(dir) {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(dir, name)).isFile())
    .toSorted();
}

/**
 * The folder of a part's outcome. A change of version, platform, or of any file of its recipe gives another folder,
 * so an old clone and a new one never disturb each other.
 * @param {Part} part
 */
export function partDir(part) {
  // Releases and figures are left out: another way to the same version gives the same part.
  const { name, version, binaries, links, assets, build } = part;
  const hash = createHash('sha256').update(JSON.stringify({ name, version, binaries, links, assets, build }));
  if (part.build.kind === 'module') {
    const dir = recipeDir(part.build.recipe);
    for (const file of filesBelow(dir)) hash.update(`\n${file}\n`).update(readFileSync(join(dir, file)));
  }
  const key = `${part.name}-${part.version}-${process.platform}-${process.arch}-${hash.digest('hex').slice(0, 12)}`;
  return join(cacheDir(), 'parts', key);
}

/** @param {Part} part a part is there once its folder is: it is renamed into place only when whole */
export const partIsThere = (part) => existsSync(partDir(part));

/**
 * The absolute path of a file that set-up made.
 * @param {string} partName
 * @param {string} file relative to the part's folder
 */
export function partFile(partName, file) {
  const part = PARTS.find((candidate) => candidate.name === partName);
  if (!part) throw new Error(`no part of the sandbox is named "${partName}"`);
  const path = join(partDir(part), file);
  if (!existsSync(path)) throw new Error(`${path} is missing: run "npm run setup", which builds the sandbox's parts`);
  return path;
}
