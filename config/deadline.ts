// By when an app must have moved, as a person writes it.
import { z } from 'zod';
import { deadlineFor } from '../src/domain/deadline-days.ts';
import type { Deadline } from '../src/domain/environment.ts';
import { understand } from '../src/domain/moment.ts';
import { list, oneOf, pattern, wholeNumber } from './fields.ts';
import { timeZone } from './window.ts';

const TIME = 'when the app must be on green: a date before 2100 with a time, such as 2026-12-18 18:00';

export const deadline = z
  .strictObject({
    at: pattern(/^20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]) (?:[01]\d|2[0-3]):[0-5]\d$/, TIME),
    timeZone,
    policy: oneOf(['auto', 'escalate', 'block'], 'what comes of an app that was not started by then').default(
      'escalate',
    ),
    remindDays: list(wholeNumber('how many days before', { min: 1, max: 365 }), 'days before it').default([
      14, 7, 3, 1,
    ]),
  })
  .transform(({ at, timeZone: zone, policy, remindDays }, context): Deadline => {
    const due = understand(`${at} ${zone}`);
    if (due.kind === 'moment') return deadlineFor(due.moment, { policy, remindDays });
    context.addIssue({ code: 'custom', path: ['at'], message: due.why });
    return z.NEVER;
  });
