// `npm run sandbox`: the parts and the live environment, until Ctrl-C.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Speed } from './contracts.ts';
import { ENVIRONMENT } from './sandbox.ts';
import { withSandbox } from './with-sandbox.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const HELP = `npm run sandbox -- [--speed N]

Brings the sandbox up and leaves it up until Ctrl-C. --speed 60 (default): a minute of AWS takes a second.
`;

const { values } = parseArgs({
  options: { speed: { type: 'string', default: '60' }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  process.stdout.write(HELP);
} else {
  process.exitCode = await withSandbox(
    { speed: new Speed(Number(values.speed)), onGateFailure: 'hold', announce: say },
    async (sandbox, signal) => {
      say(`\nTemporal page: ${sandbox.temporal.pageUrl}\nFiles and kubeconfigs: ${sandbox.settings.dir}\n\nTry it:`);
      const envFile = join(sandbox.settings.dir, 'worker.env');
      writeFileSync(
        envFile,
        Object.entries(sandbox.workerEnv)
          .map(([name, value]) => `${name}=${value}\n`)
          .join(''),
        { mode: 0o600 },
      );
      say(`  (set -a; . ${envFile}; npm run eksodus -- worker)`);
      say(
        `  TEMPORAL_ADDRESS=${sandbox.temporal.address} npm run eksodus -- upgrade start --file ${sandbox.environmentFile}`,
      );
      say(`  TEMPORAL_ADDRESS=${sandbox.temporal.address} npm run eksodus -- upgrade watch ${ENVIRONMENT}`);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      return 0;
    },
  );
}
