// What people are told without asking. For now a line in the worker's log; channels come behind the same port.
import { log } from '@temporalio/activity';
import type { Dependencies } from '../src/adapters/index.ts';
import { leftText } from '../src/domain/deadline.ts';
import type { NoticeActivities } from './ports.ts';

export function createNoticeWork({ clock }: Pick<Dependencies, 'clock'>): NoticeActivities {
  return {
    async remind(reminder) {
      const { environment, app, team, due } = reminder;
      const left = leftText(due, clock.now());
      log.info(`reminder to ${team}: ${app} in ${environment} must move by ${due.local}, ${left}`, { ...reminder });
    },
  };
}
