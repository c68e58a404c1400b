import { noAnswer } from '../../client/errors.ts';
import { run } from '../run.ts';
import { temporalSettings } from './connection.ts';

export function worker(): Promise<void> {
  return run({ output: 'text' }, async () => {
    const { runWorker } = await import('../../worker/main.ts');
    const settings = temporalSettings();
    process.stderr.write(`worker for Temporal at ${settings.address}, namespace ${settings.namespace}\n`);
    try {
      await runWorker(settings);
    } catch (error) {
      if (error instanceof Error && error.name === 'TransportError') throw noAnswer(settings.address, error);
      throw error;
    }
    return undefined;
  });
}
