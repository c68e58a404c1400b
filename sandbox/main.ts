// `npm run sandbox`: the parts and the live environment, until Ctrl-C.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Speed } from './contracts.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const HELP = `npm run sandbox -- [--speed N]

Brings the sandbox up and leaves it up until Ctrl-C. --speed 60 (default): a minute of AWS takes a second.
`;

const BAD_INPUT = 2;

/** @throws Error that says what is wrong */
function read(args: readonly string[]): { readonly speed: Speed } | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: { speed: { type: 'string', default: '60' }, help: { type: 'boolean', default: false } },
  });
  return values.help ? 'help' : { speed: speedOf(values.speed) };
}

function speedOf(text: string): Speed {
  try {
    return new Speed(Number(text));
  } catch (error) {
    throw new Error(`--speed "${text}": ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function up(speed: Speed): Promise<number> {
  const [{ ENVIRONMENT }, { withSandbox }] = await Promise.all([import('./sandbox.ts'), import('./with-sandbox.ts')]);
  return withSandbox({ speed, announce: say }, async (sandbox, signal) => {
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
  });
}

let asked: ReturnType<typeof read> | undefined;
try {
  asked = read(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)} (see npm run sandbox -- --help)\n`);
  process.exitCode = BAD_INPUT;
}
if (asked === 'help') process.stdout.write(HELP);
else if (asked) process.exitCode = await up(asked.speed);
