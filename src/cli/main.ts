#!/usr/bin/env node
// The command line. Each command loads what it needs when it runs, so that `--help` is there at once.
import { Command, CommanderError, Option } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { declareApps } from './declare-apps.ts';
import { declareDns } from './declare-dns.ts';
import { declareUpgrade } from './declare-upgrade.ts';
import { SCENARIOS, type RehearseOptions } from './commands/rehearse.ts';
import { EXIT, exitCodeHelp } from './exit-codes.ts';
import { examples, output } from './options.ts';
import { printJsonError, type CommonOptions } from './run.ts';

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

declareUpgrade(program);
declareApps(program);
declareDns(program);

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
  .addOption(output())
  .addHelpText('after', examples('eksodus config schema > environment.schema.json'))
  .action(async () => (await import('./commands/config.ts')).schema());

program
  .command('worker')
  .description('run the worker: it alone needs rights in AWS; with --output json its log is JSON, a line an entry')
  .addOption(output())
  .addHelpText(
    'after',
    `${examples('AWS_REGION=ap-northeast-1 TEMPORAL_ADDRESS=temporal:7233 eksodus worker')}\n\nAWS credentials and endpoints come from the AWS SDK's own environment. Ctrl-C ends it once running work is handed back.`,
  )
  .action(async (options: CommonOptions) => (await import('./commands/worker.ts')).worker(options));

const SCENARIO_LINES = Object.entries(SCENARIOS).map(([name, words]) => `  ${name.padEnd(14)} ${words}`);
program
  .command('rehearse')
  .description('rehearse a whole upgrade on real parts on this machine')
  .addOption(new Option('--scenario <name>', 'what to rehearse').choices(Object.keys(SCENARIOS)).default('plain'))
  .option('--speed <factor>', 'a minute of AWS takes 60/factor seconds', '60')
  .option('--report <file>', 'write a JSON report')
  .option('--keep', 'leave everything up at the end, until Ctrl-C')
  .addOption(output())
  .addHelpText(
    'after',
    `\nScenarios:\n${SCENARIO_LINES.join('\n')}\n${examples(
      'npm run rehearse',
      'npm run rehearse -- --scenario rollback --report rollback.json',
      'npm run rehearse -- --speed 10 --keep',
    )}`,
  )
  .action(async (options: RehearseOptions) => (await import('./commands/rehearse.ts')).rehearse(options));

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
