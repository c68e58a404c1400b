import { isCancellation } from '@temporalio/workflow';
import type { Environment } from '../src/domain/environment.ts';
import { countQuestions, saidOfCounts } from '../src/domain/still-asked.ts';
import { calls } from './proxies.ts';

/** What a person should know before blue goes; a question that nobody answers keeps no upgrade from asking the person. */
export async function stillAsked(environment: Environment, blue: string): Promise<string> {
  const questions = countQuestions(environment, blue);
  if (questions.length === 0 || !environment.approvals.includes('decommission')) return '';
  try {
    const readings = await calls.readMetrics({ questions });
    return saidOfCounts(blue, questions, readings);
  } catch (error) {
    if (isCancellation(error)) throw error;
    return saidOfCounts(blue, questions, []);
  }
}
