// Which role may give which command. Pure, and the only place that says so.

export const ROLES = ['viewer', 'developer', 'sre', 'approver', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Of an app by whoever owns it, or acts in the owner's stead; of the platform's people; and what is an approval. */
const OWNERS: readonly Role[] = ['developer', 'sre', 'admin'];
const PLATFORM: readonly Role[] = ['sre', 'admin'];
const APPROVERS: readonly Role[] = ['sre', 'approver', 'admin'];

/** Each command as it is typed after `eksodus`. */
const MAY = {
  'apps start': OWNERS,
  'apps schedule': OWNERS,
  'apps unschedule': OWNERS,
  'apps pause': OWNERS,
  'apps resume': OWNERS,
  'apps retry': OWNERS,
  'apps promote': OWNERS,
  'apps abort': OWNERS,
  'apps pin': OWNERS,
  'apps steps': OWNERS,
  'apps extend': OWNERS,
  'apps grant-extension': APPROVERS,
  'apps refuse-extension': APPROVERS,
  'upgrade start': PLATFORM,
  'upgrade pause': PLATFORM,
  'upgrade resume': PLATFORM,
  'upgrade approve': APPROVERS,
  'upgrade rollback': PLATFORM,
  'upgrade abort': PLATFORM,
  'dns adopt': PLATFORM,
  'dns release': PLATFORM,
} as const;

export type CommandName = keyof typeof MAY;
export const isCommand = (name: string): name is CommandName => name in MAY;
export const COMMANDS: readonly CommandName[] = Object.keys(MAY).filter(isCommand);

/** They override a gate, a plan or a promise: whoever comes later must be able to read why. */
const WITH_REASON: ReadonlySet<CommandName> = new Set<CommandName>([
  'apps promote',
  'apps abort',
  'apps pin',
  'apps extend',
  'apps grant-extension',
  'apps refuse-extension',
]);

export interface Asking {
  readonly by: string;
  readonly role: Role;
  readonly reason?: string;
}

/** Why the command is not taken from this person, in one phrase; undefined when it is. */
export function refusePerson(command: CommandName, { by, role, reason }: Asking): string | undefined {
  if (by.trim() === '') return 'a command needs the name of who gives it';
  if (!ROLES.includes(role)) return `${JSON.stringify(role)} is no role. Expected one of ${ROLES.join(', ')}`;
  const allowed: readonly Role[] = MAY[command];
  if (!allowed.includes(role)) return `${command} is not for the role ${role}: it is given by ${either(allowed)}`;
  if (WITH_REASON.has(command) && (reason ?? '').trim() === '') return `${command} needs a reason, which is kept`;
  return undefined;
}

const either = (roles: readonly Role[]): string => `${roles.slice(0, -1).join(', ')} or ${roles.at(-1) ?? ''}`;
