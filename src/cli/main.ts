#!/usr/bin/env node
// The command line. Each command loads what it needs when it runs, so that `--help` is there at once.
import { Command, CommanderError, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { EXIT, exitCodeHelp } from './exit-codes.ts';
import { printJsonError, type CommonOptions } from './run.ts';

const output = (): Option =>
  new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text');
const by = (): Option =>
  new Option('--by <name>', 'who gives the command').default(process.env['USER'] ?? 'unknown', 'you');
const reason = (): Option => new Option('--reason <text>', 'why; kept in the record');
const yes = (): Option => new Option('-y, --yes', 'do not ask back');
const examples = (...lines: string[]): string => `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
/** An error is JSON too when JSON was asked for, even if the rest of the command makes no sense. */
const jsonIsWanted = (): boolean => /(?:^|\s)(?:-o|--output)[ =]?json(?:\s|$)/.test(process.argv.slice(2).join(' '));

const program = new Command('eksodus')
  .description(
    'Moves every app of an environment from its EKS cluster to a new one of a newer version, and can always go back.',
  )
  .version(packageJson.version)
  .exitOverride()
  .configureOutput({ writeErr: (text) => void (jsonIsWanted() || process.stderr.write(text)) })
  .addHelpText(
    'after',
    [
      examples(
        'eksodus config check config/stg.yaml',
        'eksodus upgrade start --file config/stg.yaml',
        'eksodus upgrade watch stg',
      ),
      exitCodeHelp(),
      'Environment:\n  TEMPORAL_ADDRESS    host:port of Temporal (127.0.0.1:7233)\n  TEMPORAL_NAMESPACE  its namespace (default)\n  NO_COLOR            no colours',
    ].join('\n\n'),
  );

const upgrade = program
  .command('upgrade')
  .description('start and steer the upgrade of an environment')
  .addHelpText('after', examples('eksodus upgrade start --file config/stg.yaml', 'eksodus upgrade watch stg'));

upgrade
  .command('start')
  .description('start an upgrade as an environment file describes it')
  .requiredOption('-f, --file <file>', 'environment file')
  .option('-w, --watch', 'stay and show what happens')
  .addOption(by())
  .addOption(output())
  .addHelpText(
    'after',
    examples('eksodus upgrade start --file config/stg.yaml', 'eksodus upgrade start -f config/stg.yaml --watch'),
  )
  .action(async (options: CommonOptions & { file: string; by: string; watch?: boolean }) =>
    (await import('./commands/upgrade.ts')).start(options),
  );

upgrade
  .command('status')
  .description('what is true now; exit code 3 when the upgrade waits for a person')
  .argument('<environment>')
  .addOption(output())
  .addHelpText('after', examples('eksodus upgrade status stg', 'eksodus upgrade status stg --output json | jq .apps'))
  .action(async (environment: string, options: CommonOptions) =>
    (await import('./commands/upgrade.ts')).status(environment, options),
  );

upgrade
  .command('watch')
  .description(
    'show what happens until the upgrade ends: a live picture on a terminal, a line per change elsewhere; exit code 1 when it ends without success',
  )
  .argument('<environment>')
  .option('--until-hold', 'end with exit code 3 as soon as it waits for a person')
  .addOption(output())
  .addHelpText(
    'after',
    examples(
      'eksodus upgrade watch stg',
      'eksodus upgrade watch stg | tee upgrade.log',
      'eksodus upgrade watch stg --until-hold || page-somebody',
    ),
  )
  .action(async (environment: string, options: CommonOptions & { untilHold?: boolean }) =>
    (await import('./commands/watch.ts')).watch(environment, options),
  );

upgrade
  .command('pause')
  .description('finish what is under way, begin nothing new')
  .argument('<environment>')
  .addOption(by())
  .addOption(reason())
  .addOption(output())
  .addHelpText('after', examples('eksodus upgrade pause stg --reason "incident 4711"'))
  .action(async (environment: string, options: Steer) =>
    (await import('./commands/upgrade.ts')).pause(environment, options),
  );

upgrade
  .command('resume')
  .description('end a pause, or let what failed try again')
  .argument('<environment>')
  .addOption(by())
  .addOption(reason())
  .addOption(output())
  .addHelpText('after', examples('eksodus upgrade resume stg'))
  .action(async (environment: string, options: Steer) =>
    (await import('./commands/upgrade.ts')).resume(environment, options),
  );

upgrade
  .command('approve')
  .description('give the approval that the upgrade waits for')
  .argument('<environment>')
  .addOption(
    new Option('--point <point>', 'what to approve; default: what it waits for').choices(['migrate', 'decommission']),
  )
  .addOption(by())
  .addOption(reason())
  .addOption(output())
  .addHelpText('after', examples('eksodus upgrade approve stg', 'eksodus upgrade approve stg --point decommission'))
  .action(async (environment: string, options: Steer & { point?: 'migrate' | 'decommission' }) =>
    (await import('./commands/upgrade.ts')).approve(environment, options),
  );

upgrade
  .command('rollback')
  .description('give all traffic back to the old cluster, now')
  .argument('<environment>')
  .option('--remove-green', 'then delete the new cluster')
  .addOption(by())
  .addOption(reason())
  .addOption(yes())
  .addOption(output())
  .addHelpText(
    'after',
    examples(
      'eksodus upgrade rollback stg --reason "errors in messages"',
      'eksodus upgrade rollback stg --remove-green --yes',
    ),
  )
  .action(async (environment: string, options: Steer & { yes?: boolean; removeGreen?: boolean }) =>
    (await import('./commands/upgrade.ts')).rollback(environment, options),
  );

upgrade
  .command('abort')
  .description('end the upgrade where it stands; nothing more is changed')
  .argument('<environment>')
  .addOption(by())
  .addOption(reason())
  .addOption(yes())
  .addOption(output())
  .addHelpText('after', examples('eksodus upgrade abort stg --reason "not today"'))
  .action(async (environment: string, options: Steer & { yes?: boolean }) =>
    (await import('./commands/upgrade.ts')).abort(environment, options),
  );

const config = program
  .command('config')
  .description('check environment files')
  .addHelpText('after', examples('eksodus config check config/stg.yaml'));

config
  .command('check')
  .description('read environment files and say everything that is wrong with them')
  .argument('<files...>')
  .addOption(output())
  .addHelpText(
    'after',
    examples('eksodus config check config/stg.yaml', 'eksodus config check config/*.yaml --output json'),
  )
  .action(async (files: string[], options: CommonOptions) =>
    (await import('./commands/config.ts')).check(files, options),
  );

config
  .command('schema')
  .description('print the JSON Schema of environment files, for editors')
  .addHelpText('after', examples('eksodus config schema > environment.schema.json'))
  .action(async () => (await import('./commands/config.ts')).schema());

program
  .command('worker')
  .description('run the worker: it alone needs rights in AWS')
  .addHelpText(
    'after',
    `${examples('AWS_REGION=ap-northeast-1 TEMPORAL_ADDRESS=temporal:7233 eksodus worker')}\n\nAWS credentials and endpoints come from the AWS SDK's own environment. Ctrl-C ends it once running work is handed back.`,
  )
  .action(async () => (await import('./commands/worker.ts')).worker());

program
  .command('rehearse')
  .description('rehearse a whole upgrade on real parts on this machine')
  .addOption(
    new Option('--scenario <name>', 'what to rehearse').choices(['plain', 'rollback', 'worker-crash']).default('plain'),
  )
  .option('--speed <factor>', 'a minute of AWS takes 60/factor seconds', '60')
  .option('--report <file>', 'write a JSON report')
  .option('--keep', 'leave everything up at the end, until Ctrl-C')
  .addOption(output())
  .addHelpText(
    'after',
    examples(
      'npm run rehearse',
      'npm run rehearse -- --scenario rollback --report rollback.json',
      'npm run rehearse -- --speed 10 --keep',
    ),
  )
  .action(
    async (
      options: CommonOptions & {
        scenario: 'plain' | 'rollback' | 'worker-crash';
        speed: string;
        report?: string;
        keep?: boolean;
      },
    ) => (await import('./commands/rehearse.ts')).rehearse(options),
  );

interface Steer extends CommonOptions {
  by: string;
  reason?: string;
}

/** After a mistake, the help of the very command is named. */
function nameHelp(command: Command, name: string): void {
  command.showHelpAfterError(`(see ${name} --help)`);
  for (const one of command.commands) nameHelp(one, `${name} ${one.name()}`);
}
nameHelp(program, 'eksodus');

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // commander has printed what it has to say; only its help is no mistake.
  const { exitCode, message } = error;
  process.exitCode = exitCode === 0 ? EXIT.done.code : EXIT.badInput.code;
  if (exitCode !== 0 && jsonIsWanted()) printJsonError({ kind: 'bad-input', message: message.replace(/^error: /, '') });
}
