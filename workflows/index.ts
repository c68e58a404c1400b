// The workflow types of the product: these names are public and never change.
export { adoption } from './adoption.ts';
export { bootstrap } from './bootstrap.ts';
export { decommission } from './decommission.ts';
export { discover } from './discover.ts';
export { migration } from './migration.ts';
export { names } from './names.ts';
export { provision } from './provision.ts';
export { upgrade } from './upgrade.ts';
export { verify } from './verify.ts';
export { zone } from './zone.ts';
