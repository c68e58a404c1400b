import { noAnswer } from '../../client/errors.ts';
import { run, type CommonOptions } from '../run.ts';
import { temporalSettings } from './connection.ts';

export function worker(options: CommonOptions): Promise<void> {
  return run(options, async () => {
    const { runWorker } = await import('../../worker/main.ts');
    const settings = temporalSettings();
    process.stderr.write(`worker for Temporal at ${settings.address}, namespace ${settings.namespace}\n`);
    try {
      await runWorker({ ...settings, log: options.output });
    } catch (error) {
      if (error instanceof Error && error.name === 'TransportError') throw noAnswer(settings.address, error);
      throw error;
    }
    return undefined;
  });
}
