import { describe, expect, it } from 'vitest';
import { COMMANDS, refusePerson, ROLES, type CommandName, type Role } from '../../src/domain/permissions.ts';

/** As people were promised it, role by role. */
const OWNERS_COMMANDS = 'start schedule unschedule pause resume retry promote abort pin steps extend'.split(' ');
const ANSWERS = ['apps grant-extension', 'apps refuse-extension'];
const STEERING = ['upgrade start', 'upgrade pause', 'upgrade resume', 'upgrade rollback', 'upgrade abort'];
const MAY: Readonly<Record<Role, readonly string[]>> = {
  viewer: [],
  developer: OWNERS_COMMANDS.map((verb) => `apps ${verb}`),
  sre: [
    ...OWNERS_COMMANDS.map((verb) => `apps ${verb}`),
    ...ANSWERS,
    ...STEERING,
    'upgrade approve',
    'dns adopt',
    'dns release',
  ],
  approver: [...ANSWERS, 'upgrade approve'],
  admin: [...COMMANDS],
};
const NEED_REASON = new Set(['apps promote', 'apps abort', 'apps pin', 'apps extend', ...ANSWERS]);

describe.each(ROLES)('a person in the role %s', (role) => {
  it.each(COMMANDS)('and eksodus %s', (command) => {
    const why = refusePerson(command, { by: 'ana', role, reason: 'load test' });
    if (MAY[role].includes(command)) expect(why).toBeUndefined();
    else expect(why).toMatch(new RegExp(`^${command} is not for the role ${role}: it is given by .* or admin$`));
  });
});

describe('a command', () => {
  it('is refused with who may give it', () => {
    expect(refusePerson('apps grant-extension', { by: 'ana', role: 'developer', reason: 'please' })).toBe(
      'apps grant-extension is not for the role developer: it is given by sre, approver or admin',
    );
  });

  it.each(COMMANDS)(
    'eksodus %s needs a name, a role that there is, and a reason where it overrides something',
    (command) => {
      const wanted = NEED_REASON.has(command) ? `${command} needs a reason, which is kept` : undefined;
      expect(refusePerson(command, { by: 'ana', role: 'admin' })).toBe(wanted);
      expect(refusePerson(command, { by: 'ana', role: 'admin', reason: '  ' })).toBe(wanted);
      expect(refusePerson(command, { by: ' ', role: 'admin', reason: 'x' })).toBe(
        'a command needs the name of who gives it',
      );
      const stranger = { ...JSON.parse('{"by":"ana","role":"root","reason":"x"}') };
      expect(refusePerson(command, stranger)).toBe(
        '"root" is no role. Expected one of viewer, developer, sre, approver, admin',
      );
    },
  );

  it('is not forgotten here', () => {
    const named = new Set<CommandName>(
      COMMANDS.filter((command) => ROLES.some((role) => role !== 'admin' && MAY[role].includes(command))),
    );
    expect(named.size).toBe(COMMANDS.length);
  });
});
