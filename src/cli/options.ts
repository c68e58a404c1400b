// What the declarations of commands share.
import { Option } from 'commander';
import { ROLES, type Role } from '../domain/permissions.ts';

export const output = (): Option =>
  new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text');
export const by = (): Option =>
  new Option('--by <name>', 'who gives the command').default(process.env['USER'] ?? 'unknown', 'you');
export const role = (usual: Role): Option => new Option('--role <role>', 'in which role').choices(ROLES).default(usual);
export const reason = (): Option => new Option('--reason <text>', 'why; kept in the record');
export const yes = (): Option => new Option('-y, --yes', 'do not ask back');
export const examples = (...lines: string[]): string => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
